import { Fault, type FaultCode, type FaultDetails } from '@spillway/contracts/fault';
import { describe, expect, it } from 'vitest';
import { record } from '../testing/record.js';
import { type RetryOptions, retry } from './retry.js';

type Thrown = [FaultCode, FaultDetails?];

interface Example {
  /** What the attempts throw, in turn; afterwards they succeed. */
  readonly throws: readonly Thrown[];
  readonly options?: Partial<RetryOptions>;
  /** Milliseconds between the attempts. */
  readonly delays: readonly number[];
  /** Code and number of attempts of the fault that comes out; undefined: it succeeds. */
  readonly fails?: readonly [FaultCode, number];
}

const times = (count: number, ...thrown: Thrown): Thrown[] => Array.from({ length: count }, () => thrown);

/** Runs the example with a clock that only waiting moves, and a chance that always gives one half. */
async function play({ throws, options }: Example) {
  const delays: number[] = [];
  const left = [...throws];
  let now = 1_000;
  const handle = retry({
    attempts: 5,
    firstMs: 100,
    maxMs: 1_000,
    totalMs: 10_000,
    clock: () => now,
    random: () => 0.5,
    wait: async (ms) => {
      delays.push(ms);
      now += ms;
    },
    ...options,
  })(async () => {
    const thrown = left.shift();
    if (thrown !== undefined) throw new Fault(thrown[0], 'x', thrown[1]);
    return [];
  });
  try {
    await handle(record(), new AbortController().signal);
    return { delays };
  } catch (error) {
    const { code, attempts } = error as Fault;
    return { delays, fails: [code, attempts] };
  }
}

describe('retry', () => {
  it.each<[string, Example]>([
    ['what succeeds runs once', { throws: [], delays: [] }],
    ['delays grow, with jitter', { throws: times(3, 'unavailable'), delays: [50, 100, 200] }],
    [
      'delays are bounded',
      { throws: times(4, 'unavailable'), options: { maxMs: 150 }, delays: [50, 75, 75, 75] },
    ],
    [
      'attempts are bounded',
      { throws: times(9, 'unknown'), delays: [50, 100, 200, 400], fails: ['unknown', 5] },
    ],
    ['what cannot be mended fails at once', { throws: [['malformed']], delays: [], fails: ['malformed', 1] }],
    [
      'it ends at a fault that cannot be mended',
      { throws: [['timed_out'], ['rejected']], delays: [50], fails: ['rejected', 2] },
    ],
    ['a conflict is tried again at once', { throws: times(2, 'conflict'), delays: [] }],
    [
      'a conflict that says when is tried again then',
      { throws: [['conflict', { retryAfterMs: 700 }]], delays: [700] },
    ],
    [
      'it waits as long as it is asked to',
      { throws: [['throttled', { retryAfterMs: 3_000 }]], delays: [3_000] },
    ],
    [
      'it gives up when asked to wait past the total time',
      { throws: [['throttled', { retryAfterMs: 10_001 }]], delays: [], fails: ['throttled', 1] },
    ],
    [
      'the total time is bounded',
      {
        throws: times(4, 'unavailable', { retryAfterMs: 4_000 }),
        delays: [4_000, 4_000],
        fails: ['unavailable', 3],
      },
    ],
  ])('%s', async (_, example) => {
    const { throws: __, options: ___, ...wanted } = example;
    expect(await play(example)).toEqual(wanted);
  });

  it('turns a foreign error into a fault with its cause', async () => {
    const cause = new TypeError('x');
    const handle = retry({ attempts: 2, firstMs: 0 })(() => Promise.reject(cause));
    await expect(handle(record(), new AbortController().signal)).rejects.toMatchObject({
      code: 'unknown',
      cause,
      attempts: 2,
    });
  });

  it('tells of every attempt that is followed by another', async () => {
    const told: string[] = [];
    await play({
      throws: [['timed_out'], ['conflict']],
      options: { onRetry: ({ id }, { code }) => told.push(`${id} ${code}`) },
      delays: [],
    });
    expect(told).toEqual(['m1/message.received timed_out', 'm1/message.received conflict']);
  });

  it('stops waiting when the signal is aborted', async () => {
    const controller = new AbortController();
    const handle = retry({ firstMs: 60_000, maxMs: 60_000, totalMs: 1e9, random: () => 1 })(async () => {
      setImmediate(() => controller.abort());
      throw new Fault('unavailable', 'x');
    });
    await expect(handle(record(), controller.signal)).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('does not try again once the signal is aborted', async () => {
    let runs = 0;
    const handle = retry({ firstMs: 0 })(async () => {
      runs += 1;
      throw new Fault('cancelled', 'x');
    });
    await expect(handle(record(), AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
    expect(runs).toBe(1);
  });
});
