import type { Outgoing } from '@spillway/contracts/event';
import { Fault } from '@spillway/contracts/fault';
import { configureLogs, createLogger } from '@spillway/telemetry/logger';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { record } from '../testing/record.js';
import type { ConsumerListener, GroupConsumer } from './consumer.js';
import type { Commit, Fetched } from './group-member.js';
import { defaultSettings, openSubscription, type SubscriptionParts } from './subscription.js';

configureLogs({ level: 'silent' });
const place = { topic: 't', partition: 0 };
const fetched = (...offsets: number[]): Fetched => {
  const next = (offsets.at(-1) ?? -1) + 1;
  return {
    ...place,
    records: offsets.map((offset) => record({ ...place, offset, key: `${offset}` })),
    next,
    end: next,
  };
};

/** A subscription whose broker is this spec: what comes and when, and what becomes of commits. */
async function subscribed(over: {
  handle?: SubscriptionParts['options']['handle'];
  refused?: SubscriptionParts['options']['refused'];
  commit?: GroupConsumer['commit'];
  publish?: SubscriptionParts['publish'];
}) {
  const commits: Commit[] = [];
  const state = { silentMs: 0 };
  const left = vi.fn(async () => undefined);
  const onFatal = vi.fn();
  const publish = vi.fn(over.publish ?? (async (_events: readonly Outgoing[]) => undefined));
  let listener: ConsumerListener | undefined;
  const subscription = await openSubscription({
    options: {
      ...{ group: 'g', topics: ['t'], slots: 2, order: 'key' },
      handle: over.handle ?? (async () => []),
      ...(over.refused === undefined ? {} : { refused: over.refused }),
    },
    settings: defaultSettings,
    async join(given) {
      listener = given;
      given.onAssign([place]);
      return {
        commit: async (commit) => {
          commits.push(commit);
          await over.commit?.(commit);
        },
        flow: () => undefined,
        silentMs: () => state.silentMs,
        leave: left,
      };
    },
    publish,
    onFatal,
    logger: createLogger('spec'),
  });
  return { subscription, broker: listener as ConsumerListener, commits, state, left, onFatal, publish };
}

const offsetsOf = (commits: readonly Commit[]) => commits.map(({ offsets }) => offsets[0]?.offset);

const never = (): Promise<never> => new Promise(() => undefined);

describe('a subscription', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('commits a quarter of a second after something was done, and again what failed', async () => {
    let failures = 1;
    const { broker, commits } = await subscribed({
      async commit() {
        if (failures > 0) {
          failures -= 1;
          throw new Error('not now');
        }
      },
    });
    broker.onFetch(fetched(0, 1));
    await vi.advanceTimersByTimeAsync(249);
    expect(commits).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(offsetsOf(commits)).toEqual([2, 2]);
  });

  it('commits at once when partitions may be lost', async () => {
    const { broker, commits } = await subscribed({});
    broker.onFetch(fetched(0));
    await vi.advanceTimersByTimeAsync(0);
    broker.onRevoke();
    broker.onRevoke();
    expect(offsetsOf(commits)).toEqual([1]);
  });

  it('counts how often partitions were shared out, and says how many it has', async () => {
    const { broker, subscription } = await subscribed({});
    expect(subscription.health()).toMatchObject({ partitions: 1, paused: 0, assignments: 1 });
    broker.onRevoke();
    broker.onAssign([place, { topic: 't', partition: 1 }]);
    expect(subscription.health()).toMatchObject({ partitions: 2, paused: 0, assignments: 2 });
  });

  it('publishes nothing of a partition that it has lost: its new owner does', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const output = { topic: 'out', key: 'k', id: 'i', value: new Uint8Array(), headers: {} };
    const { broker, publish, commits } = await subscribed({ handle: () => promise.then(() => [output]) });
    broker.onFetch(fetched(0));
    broker.onRevoke();
    broker.onAssign([]);
    resolve();
    await vi.advanceTimersByTimeAsync(1_000);
    expect([publish.mock.calls, commits]).toEqual([[], []]);
  });

  it('delivers what was rejected again, each time after twice the time, up to five seconds', async () => {
    const at: number[] = [];
    const { broker } = await subscribed({
      async handle() {
        at.push(Date.now());
        throw new Error('no');
      },
    });
    broker.onFetch(fetched(0));
    await vi.advanceTimersByTimeAsync(25_000);
    expect(at.slice(1).map((time, index) => time - (at[index] ?? 0))).toEqual([
      ...[50, 100, 200, 400, 800, 1_600, 3_200],
      ...[5_000, 5_000, 5_000],
    ]);
  });

  it('asks for news of an outage every five seconds at least, whatever wait was asked for', async () => {
    const at: number[] = [];
    const { broker } = await subscribed({
      async handle() {
        at.push(Date.now());
        throw new Fault('unavailable', 'down', { retryAfterMs: 60_000 });
      },
    });
    broker.onFetch(fetched(0));
    await vi.advanceTimersByTimeAsync(12_000);
    expect(at.map((time) => time - (at[0] ?? 0))).toEqual([0, 5_000, 10_000]);
  });

  it.each<[string, Fault, readonly string[], number | undefined]>([
    ['what the log never takes is replaced', new Fault('too_large', 'x'), ['outputs', 'too_large'], 1],
    ['what it does not take now is handled again', new Fault('unavailable', 'x'), ['outputs'], undefined],
  ])('%s', async (_, fault, published, committed) => {
    const output = (id: string) => ({ topic: 'out', key: 'k', id, value: new Uint8Array(), headers: {} });
    const { broker, publish, commits } = await subscribed({
      handle: async () => [output('outputs')],
      refused: (_record, { code }) => [output(code)],
    });
    publish.mockRejectedValueOnce(fault);
    // Nobody handles it again within the time that is looked at.
    broker.onFetch(fetched(0));
    await vi.advanceTimersByTimeAsync(49);
    expect(publish.mock.calls.map(([[event]]) => event?.id)).toEqual(published);
    broker.onRevoke();
    expect(offsetsOf(commits)).toEqual(committed === undefined ? [] : [committed]);
  });

  it.each<[string, (given: Awaited<ReturnType<typeof subscribed>>) => unknown]>([
    ['its consumer stopped for good', ({ broker }) => broker.onFatal(new Fault('unavailable', 'gone'))],
    ['its consumer is silent', ({ state }) => Object.assign(state, { silentMs: 300_001 })],
    [
      'nothing that is in flight comes to an end',
      async ({ broker }) => {
        broker.onFetch(fetched(0));
        await vi.advanceTimersByTimeAsync(600_001);
      },
    ],
    ['it was drained', ({ subscription }) => subscription.drain(0)],
  ])('is no longer alive when %s', async (_, act) => {
    const given = await subscribed({ handle: (_record, signal) => untilAborted(signal) });
    expect(given.subscription.health().alive).toBe(true);
    await act(given);
    expect(given.subscription.health().alive).toBe(false);
  });

  it('tells of its death', async () => {
    const { broker, onFatal } = await subscribed({});
    const fault = new Fault('unavailable', 'gone');
    broker.onFatal(fault);
    expect(onFatal).toHaveBeenCalledWith(fault);
  });

  it('commits before it leaves its group', async () => {
    const { broker, subscription, commits, left } = await subscribed({});
    broker.onFetch(fetched(0));
    await vi.advanceTimersByTimeAsync(0);
    await subscription.drain(1_000);
    expect([offsetsOf(commits), left.mock.calls.length]).toEqual([[1], 1]);
  });

  const output = { topic: 'out', key: 'k', id: 'i', value: new Uint8Array(), headers: {} };

  it.each<[string, number, Parameters<typeof subscribed>[0]]>([
    ['the broker takes no commit', 1_000, {}],
    ['the broker takes no output and no commit', 1_000, { handle: async () => [output], publish: never }],
    [
      'a handler ignores the abort too',
      4_010,
      { handle: ({ offset }) => (offset === 0 ? Promise.resolve([]) : never()) },
    ],
  ])('leaves its group even when %s', async (_, withinMs, over) => {
    const { broker, subscription, left } = await subscribed({ commit: never, ...over });
    broker.onFetch(fetched(0, 1));
    await vi.advanceTimersByTimeAsync(0);
    const drained = subscription.drain(2_000);
    await vi.advanceTimersByTimeAsync(withinMs);
    await drained;
    expect(left).toHaveBeenCalledOnce();
  });

  it('waits for a call as long as it may, and then a second for its outputs to be taken', async () => {
    const call = Promise.withResolvers<readonly Outgoing[]>();
    const { broker, subscription, left } = await subscribed({ handle: () => call.promise, publish: never });
    broker.onFetch(fetched(0));
    await vi.advanceTimersByTimeAsync(0);
    void subscription.drain(15_000);
    await vi.advanceTimersByTimeAsync(14_000);
    call.resolve([output]);
    await vi.advanceTimersByTimeAsync(999);
    expect(left).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(10);
    expect(left).toHaveBeenCalledOnce();
  });

  it('waits no second time for a broker that takes no commit while partitions are shared out', async () => {
    const { broker, subscription, left } = await subscribed({ commit: never });
    broker.onFetch(fetched(0));
    await vi.advanceTimersByTimeAsync(0);
    broker.onRevoke();
    void subscription.drain(2_000);
    await vi.advanceTimersByTimeAsync(999);
    expect(left).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(10);
    expect(left).toHaveBeenCalledOnce();
  });
});

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
