import { Fault } from '@spillway/contracts/fault';
import type { Policy, TaskName } from '@spillway/policy/policy';
import type { KeyedState } from '@spillway/store/keyed-state';
import { type DriftWatch, driftWatchKey, readNote } from '@spillway/store/task-watch';
import type { Logger } from '@spillway/telemetry/logger';

export interface StandingPolicyParts {
  readonly state: KeyedState;
  readonly policy: Policy;
  readonly log: Logger;
  /** Milliseconds on a clock that never goes back. */
  readonly elapsed: () => number;
  /** Milliseconds after which the alarms are looked at again. */
  readonly everyMs: number;
}

/**
 * The policy with the drift alarms that stand. The alarms are looked at every few seconds at most, for decisions that are
 * due and no others; while the state cannot be read the last look holds.
 */
export function standingPolicy({ state, policy, log, elapsed, everyMs }: StandingPolicyParts) {
  const watched = (Object.keys(policy.tasks) as TaskName[]).filter(
    (task) => policy.tasks[task].shadow !== undefined && policy.tasks[task].certificate !== undefined,
  );
  let standing = policy;
  let staleAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<Policy> | undefined;

  async function look(): Promise<Policy> {
    try {
      const alarms = await Promise.all(
        watched.map(async (task) => {
          const note = await readNote<DriftWatch>(state, driftWatchKey(task, policy.version));
          const alarm = note?.value.alarms.at(-1);
          return alarm === undefined ? [] : [[task, alarm] as const];
        }),
      );
      const found = Object.fromEntries(alarms.flat());
      standing = Object.keys(found).length === 0 ? policy : { ...policy, alarms: found };
    } catch (error) {
      log.warn({ code: Fault.from(error).code }, 'drift alarms could not be looked at: the last look holds');
    }
    staleAt = elapsed() + everyMs;
    looking = undefined;
    return standing;
  }

  return (): Policy | Promise<Policy> => {
    if (watched.length === 0 || elapsed() < staleAt) return standing;
    looking ??= look();
    return looking;
  };
}
