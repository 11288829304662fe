import { Fault } from '@spillway/contracts/fault';
import type { StepAnswer } from '@spillway/policy/case';
import type { Policy, TaskName } from '@spillway/policy/policy';
import { isFrozen } from '@spillway/policy/safeguard';
import type { KeyedState } from '@spillway/store/keyed-state';
import { FROZEN_MS, type FreezeNote, freezeKey, readNote, writeNote } from '@spillway/store/task-watch';
import type { Logger } from '@spillway/telemetry/logger';
import { gauge } from '@spillway/telemetry/metrics';
import { CERTIFICATE_FROZEN } from '@spillway/telemetry/names';

export interface FreezeWatchParts {
  readonly state: KeyedState;
  readonly policy: Policy;
  readonly log: Logger;
  readonly now: () => number;
}

/** A note of answers that go on coming is renewed this often. */
const NOTE_EVERY_MS = 60_000;
/** An endpoint that names itself anew with every answer is told of as often, and no more. */
const MOST_TOLD = 100;

/**
 * Watches small answers for fingerprints that their task's certificate does not cover: a warning for each, a gauge, and a
 * note in keyed state for the API. Decides nothing: `judge` does, answer by answer.
 */
export function freezeWatch({ state, policy, log, now }: FreezeWatchParts) {
  const frozen = gauge(CERTIFICATE_FROZEN, ['step']);
  const told = new Set<string>();
  const notedMs = new Map<TaskName, number>();
  for (const [step, { certificate }] of Object.entries(policy.tasks)) {
    if (certificate !== undefined) frozen.set({ step }, 0);
  }

  async function note(step: TaskName, fingerprint: string, atMs: number): Promise<void> {
    const key = freezeKey(step, policy.version);
    const before = (await readNote<FreezeNote>(state, key))?.value;
    const firstMs = before?.fingerprint === fingerprint ? before.firstMs : atMs;
    const value = writeNote({ fingerprint, firstMs, lastMs: atMs });
    await state.write([{ kind: 'put', key, value, ttlMs: FROZEN_MS }]);
  }

  return (answer: StepAnswer): void => {
    const { step, tier, result, fingerprint = '' } = answer;
    const { certificate, fallback } = policy.tasks[step];
    if (certificate === undefined || tier !== 'small' || result === undefined) return;
    const isForeign = isFrozen(certificate, answer);
    frozen.set({ step }, Number(isForeign));
    if (!isForeign) return;
    const name = `${step} ${fingerprint}`;
    if (!told.has(name) && told.size < MOST_TOLD) {
      told.add(name);
      const facts = { step, fingerprint, certified: certificate.fingerprint, fallback };
      log.warn(facts, 'a certificate is frozen: an answer came from something else than it is for');
    }
    const atMs = now();
    if (atMs - (notedMs.get(step) ?? Number.NEGATIVE_INFINITY) < NOTE_EVERY_MS) return;
    notedMs.set(step, atMs);
    note(step, fingerprint, atMs).catch((error: unknown) =>
      log.warn({ step, code: Fault.from(error).code }, 'a frozen certificate could not be noted'),
    );
  };
}
