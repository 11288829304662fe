import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { Bus } from '@spillway/bus/bus';
import { emit, type Outgoing } from '@spillway/contracts/event';
import { DeadlinePassedSchema } from '@spillway/contracts/events';
import { Fault } from '@spillway/contracts/fault';
import type { Alarm, KeyedState } from '@spillway/store/keyed-state';
import type { Logger } from '@spillway/telemetry/logger';
import { type AlarmPayload, decodeJson } from './case-file.js';

export interface DeadlineClockParts {
  readonly state: KeyedState;
  readonly bus: Bus;
  readonly log: Logger;
  readonly now: () => number;
  /** Milliseconds between two looks; a deadline is noticed at most this late. */
  readonly everyMs: number;
}

/** Alarms published with one look; more are due only after an outage. */
const BATCH = 500;
/** An alarm stays armed until its event is handled; meanwhile it is not published again for this long. */
const PATIENCE_MS = 30_000;

/**
 * Turns alarms that are due into `deadline.passed` events. Several clocks may look at one state: the same alarm makes
 * the same event. Returns one look, for whoever wants to decide when to look, and the way to end the clock.
 */
export function deadlineClock({ state, bus, log, now, everyMs }: DeadlineClockParts) {
  const published = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();

  async function look(): Promise<void> {
    const at = now();
    for (const [name, until] of published) if (until <= at) published.delete(name);
    const alarms = await state.due(at, BATCH);
    const fresh = alarms.filter((alarm) => !published.has(nameOf(alarm)));
    if (fresh.length === 0) return;
    await bus.publish(fresh.map(eventOf));
    for (const alarm of fresh) published.set(nameOf(alarm), at + PATIENCE_MS);
  }

  function tick(): void {
    looking = look()
      .catch((error: unknown) =>
        log.warn({ code: Fault.from(error).code }, 'deadlines could not be looked at'),
      )
      .finally(() => {
        if (timer !== undefined) timer = setTimeout(tick, everyMs);
      });
  }

  return {
    look,
    start(): void {
      timer ??= setTimeout(tick, everyMs);
    },
    /** Ends the clock after the look that is under way. */
    async stop(): Promise<void> {
      clearTimeout(timer);
      timer = undefined;
      await looking;
    },
  };
}

const nameOf = ({ key, at }: Alarm): string => `${key}@${at}`;

function eventOf({ at, payload }: Alarm): Outgoing {
  const { conversationId, messageId, traceparent } = decodeJson<AlarmPayload>(payload);
  const event = { conversationId, messageId, dueAt: timestampFromMs(at) };
  return {
    ...emit(DeadlinePassedSchema, event, String(at)),
    headers: traceparent === '' ? {} : { traceparent },
  };
}
