import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '@spillway/contracts/fault';
import { dollarsOf } from '@spillway/pack/prices';
import { createLogger } from '@spillway/telemetry/logger';
import { counter } from '@spillway/telemetry/metrics';
import { BUDGET_REJECTIONS, BUDGET_UNSETTLED } from '@spillway/telemetry/names';
import { mayBeBilled } from '../cost.js';
import type { Completion, Layer, Prompt } from '../language-model.js';

interface Cap {
  readonly per: 'day' | 'month';
  readonly nanos: bigint;
  readonly model?: string;
}

interface Reservation {
  readonly callId: string;
  readonly model: string;
  readonly nanos: bigint;
  readonly atMs: number;
}

/** What the layer needs of the budget; `@spillway/store/budget` has it. */
export interface CallBudget {
  reserve(
    callId: string,
    model: string,
    nanos: bigint,
  ): Promise<
    | { readonly state: 'reserved'; readonly reservation: Reservation }
    | { readonly state: 'full'; readonly cap: Cap; readonly resetsAtMs?: number }
  >;
  settle(reservation: Reservation, costNanos: bigint | undefined): Promise<void>;
}

export interface BudgetOptions {
  readonly budget: CallBudget;
  /** Name of the model in the pack, which the caps go by. */
  readonly model: string;
  /** Nano-dollars that a call made now cannot cost more than; undefined: it has no price now. */
  readonly bound: (prompt: Prompt, startedMs: number) => bigint | undefined;
  /** Nano-dollars of a call; undefined: unknown. */
  readonly cost: (usage: Completion['usage'], startedMs: number) => bigint | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Resolves after so many milliseconds; rejects when the signal is aborted. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
  /** 0 inclusive to 1 exclusive. */
  readonly random?: () => number;
}

/** Milliseconds between two tries to reach a budget that is out of reach. */
const OUTAGE_PAUSE_MS = 500;
/** Milliseconds after the reset over which those come back who wait for it: not all of a day at once. */
const SPREAD_MS = 600_000;

const rejections = counter(BUDGET_REJECTIONS, ['model', 'per', 'cap']);
const unsettled = counter(BUDGET_UNSETTLED, ['model']);
const log = createLogger('budget');

/**
 * Sets aside what an attempt can cost at most before it is made, and settles what it did cost. An attempt that may be
 * billed and does not say what it cost stays counted at its upper bound.
 *
 * Throws `over_budget` where a cap has no room, with `retryAfterMs` where waiting helps, and `misconfigured` for a model
 * without a price. Without the budget nothing is called: it is waited for as long as the call may take.
 *
 * Every attempt has a reservation of its own, a redelivered one as well: the one that a crash broke off may be on the bill
 * beside it.
 */
export function budget(options: BudgetOptions): Layer {
  const { cost, now } = options;
  return (model) => ({
    name: model.name,
    embedded: model.embedded,
    async complete(prompt, signal) {
      const startedMs = now();
      const reservation = await reserve(options, prompt, startedMs, signal);
      let costNanos: bigint | undefined = 0n;
      try {
        if (signal.aborted) throw gaveUp(signal);
        costNanos = undefined;
        const completion = await model.complete(prompt, signal);
        costNanos = cost(completion.usage, startedMs);
        return completion;
      } catch (error) {
        const fault = Fault.from(error);
        if (!mayBeBilled(fault)) costNanos = 0n;
        throw fault;
      } finally {
        await settle(options, reservation, costNanos);
      }
    },
  });
}

async function reserve(
  options: BudgetOptions,
  prompt: Prompt,
  startedMs: number,
  signal: AbortSignal,
): Promise<Reservation> {
  const { model, bound, random = Math.random } = options;
  const nanos = bound(prompt, startedMs);
  if (nanos === undefined) {
    throw new Fault(
      'misconfigured',
      `${model}: not called, it falls under a budget cap and has no price now`,
    );
  }
  const reserved = await reached(options, `${prompt.callId}#${randomUUID()}`, nanos, signal);
  if (reserved.state === 'reserved') return reserved.reservation;
  const { cap, resetsAtMs } = reserved;
  rejections.inc({ model, per: cap.per, cap: cap.model ?? 'all' });
  const limit = `${dollarsOf(cap.nanos)} dollars a ${cap.per} for ${cap.model ?? 'all models'}`;
  if (resetsAtMs === undefined) {
    const most = `at most ${dollarsOf(nanos)} dollars`;
    throw new Fault('over_budget', `${model}: not called, it can cost ${most} and the cap is ${limit}`);
  }
  const until = new Date(resetsAtMs).toISOString();
  throw new Fault('over_budget', `${model}: not called, the cap of ${limit} is reached until ${until}`, {
    retryAfterMs: Math.max(0, resetsAtMs - startedMs) + Math.floor(random() * SPREAD_MS),
  });
}

/** The budget's answer, asked for again while it is out of reach: the same id is never counted twice. */
async function reached(options: BudgetOptions, callId: string, nanos: bigint, signal: AbortSignal) {
  const { pause = (ms) => sleep(ms, undefined, { signal }) } = options;
  for (;;) {
    if (signal.aborted) throw gaveUp(signal);
    try {
      return await options.budget.reserve(callId, options.model, nanos);
    } catch (error) {
      const fault = Fault.from(error);
      if (fault.code !== 'unavailable') throw fault;
      log.warn({ code: fault.code }, 'the budget is out of reach: no model is called without it');
    }
    // An abort ends the pause, and then the loop.
    await pause(OUTAGE_PAUSE_MS, signal).catch(() => undefined);
  }
}

/** The answer is paid for, and goes on without the budget: what was set aside stays counted. */
async function settle(
  { budget: store, model }: BudgetOptions,
  reservation: Reservation,
  costNanos: bigint | undefined,
): Promise<void> {
  try {
    await store.settle(reservation, costNanos);
  } catch (error) {
    unsettled.inc({ model });
    log.warn({ code: Fault.from(error).code, model }, 'a call could not be settled: its upper bound counts');
  }
}

const gaveUp = (signal: AbortSignal): Fault =>
  new Fault('cancelled', 'the call was given up before it was made', { cause: signal.reason });
