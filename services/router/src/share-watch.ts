import type { Bus } from '@spillway/bus/bus';
import { alarmLevel, type Levels, UNWATCHED } from '@spillway/confidence/signals';
import { Fault } from '@spillway/contracts/fault';
import type { Turn } from '@spillway/policy/decide';
import type { Policy, TaskName } from '@spillway/policy/policy';
import type { KeyedState } from '@spillway/store/keyed-state';
import {
  type DriftWatch,
  driftWatchKey,
  emptyWatch,
  type RaisedAlarm,
  readNote,
  type ShareWatch,
  shareWatchKey,
  watchLevels,
  writeNote,
} from '@spillway/store/task-watch';
import type { Logger } from '@spillway/telemetry/logger';
import { alarmOutgoing } from './alarm-output.js';
import { folded, type Observation, type Rung, SHARE_SIGNALS } from './share-fold.js';
import { sharesSeen } from './shares-seen.js';

export interface ShareWatchParts {
  readonly state: KeyedState;
  readonly bus: Pick<Bus, 'publish'>;
  readonly policy: Policy;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds after which what was seen is saved, however little it is. */
  readonly everyMs: number;
  /** Told of every save, with the alarm that came of it. */
  readonly onSaved: (task: TaskName, shares: ShareWatch, raised?: RaisedAlarm) => void;
}

/** Answers of a task that are saved at once: a hundredth of two calls to the store for each. */
const BATCH = 100;
/** Other processes save the same shares. */
const MAX_CONFLICTS = 16;

/**
 * Watches the shares of small answers that lie under the threshold, are out of scope, fit no label or are off the schema,
 * which need no label. What
 * is seen is gathered in the process and folded into keyed state every hundred answers of a task, every few seconds, and
 * at the end; a process that is killed loses no more than that. An alarm is raised once, and not while another stands: a
 * share says that the traffic is another one, which is then answered.
 */
export function shareWatch({ state, bus, policy, log, now, everyMs, onSaved }: ShareWatchParts) {
  const levelsOf = new Map(
    (Object.keys(policy.tasks) as TaskName[])
      .map((task) => [task, watchLevels(policy.tasks[task])] as const)
      .filter(([, levels]) => SHARE_SIGNALS.some((signal) => levels[signal] !== undefined)),
  );
  const gathered = new Map<TaskName, Observation[]>();
  /** Alarms of these may be there without anybody having been told: an earlier process may have ended in between. */
  const untold = new Set(levelsOf.keys());
  /** An alarm of these stands. */
  const over = new Set<TaskName>();
  let timer: NodeJS.Timeout | undefined;
  let saving: Promise<void> = Promise.resolve();

  /** Publishes an alarm that stands and was not told of. */
  async function tell(task: TaskName): Promise<void> {
    const key = driftWatchKey(task, policy.version);
    const found = await readNote<DriftWatch>(state, key);
    const alarms = found?.value.alarms ?? [];
    if (alarms.length > 0) over.add(task);
    const silent = alarms.filter((alarm) => alarm.untold);
    if (found !== undefined && silent.length > 0) {
      await bus.publish(silent.map((alarm) => alarmOutgoing(task, policy.version, alarm)));
      const told = alarms.map(({ untold: _, ...alarm }) => alarm);
      await state.write([
        { kind: 'put', key, value: writeNote({ ...found.value, alarms: told }), expect: found.version },
      ]);
    }
    untold.delete(task);
  }

  async function fold(task: TaskName, batch: readonly Observation[], levels: Levels): Promise<void> {
    const keys = [shareWatchKey(task, policy.version), driftWatchKey(task, policy.version)] as const;
    const [found, standing] = await Promise.all([
      readNote<ShareWatch>(state, keys[0]),
      readNote<DriftWatch>(state, keys[1]),
    ]);
    const { alarms } = standing?.value ?? emptyWatch;
    if (alarms.length > 0) {
      over.add(task);
      if (alarms.some((alarm) => alarm.untold)) untold.add(task);
      return;
    }
    const { shares, rung } = folded(found?.value ?? {}, batch, levels);
    const raised = rung && alarmOf(task, rung, shares, levels);
    await state.write([
      { kind: 'put', key: keys[0], value: writeNote(shares), expect: found?.version ?? 0 },
      ...(raised === undefined
        ? []
        : [
            {
              kind: 'put' as const,
              key: keys[1],
              value: writeNote({ ...emptyWatch, alarms: [raised] }),
              expect: standing?.version ?? 0,
            },
          ]),
    ]);
    if (raised !== undefined) {
      over.add(task);
      untold.add(task);
    }
    onSaved(task, shares, raised);
  }

  function alarmOf(task: TaskName, { signal, at }: Rung, shares: ShareWatch, levels: Levels): RaisedAlarm {
    const { drift, stretch } = shares[signal] ?? UNWATCHED;
    return {
      signal,
      messageId: at.messageId,
      response: policy.tasks[task].shadow?.onAlarm ?? 'escalate',
      raisedAtMs: at.atMs,
      sinceMs: stretch.sinceMs,
      statistic: drift.statistic,
      level: alarmLevel(levels),
      labels: stretch.labels,
      errors: stretch.events,
      allowed: levels[signal] ?? 0,
      untold: true,
    };
  }

  /** Whoever meets another process begins anew; whatever else fails is given up, since it may have been done. */
  async function attempted(task: TaskName, work: () => Promise<void>): Promise<void> {
    for (let conflicts = 0; ; conflicts += 1) {
      try {
        return await work();
      } catch (error) {
        const { code } = Fault.from(error);
        if (code === 'conflict' && conflicts < MAX_CONFLICTS) continue;
        log.warn({ step: task, code }, 'shares of the traffic could not be saved');
        return;
      }
    }
  }

  async function saveTask(task: TaskName, levels: Levels): Promise<void> {
    const batch = gathered.get(task) ?? [];
    gathered.delete(task);
    if (batch.length > 0 && !over.has(task)) await attempted(task, () => fold(task, batch, levels));
    if (untold.has(task)) await attempted(task, () => tell(task));
  }

  /** Saves what was seen so far, and tells of alarms. Never rejects. */
  function save(): Promise<void> {
    saving = saving.then(async () => {
      await Promise.all([...levelsOf].map(([task, levels]) => saveTask(task, levels)));
    });
    return saving;
  }

  function tick(): void {
    void save().finally(() => {
      if (timer !== undefined) timer = setTimeout(tick, everyMs);
    });
  }

  return {
    /** Notices the small answers of one event of a message: the first time that it is decided on, and no other. */
    seen(messageId: string, turn: Turn): void {
      for (const { task, ...shares } of levelsOf.size === 0 ? [] : sharesSeen(turn, policy)) {
        if (!levelsOf.has(task)) continue;
        const batch = gathered.get(task) ?? [];
        batch.push({ ...shares, messageId, atMs: now() });
        gathered.set(task, batch);
        if (batch.length === BATCH) void save();
      }
    },
    save,
    start(): void {
      if (levelsOf.size > 0) timer ??= setTimeout(tick, everyMs);
    },
    /** Saves the rest. */
    async stop(): Promise<void> {
      clearTimeout(timer);
      timer = undefined;
      await save();
    },
  };
}
