import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '@spillway/contracts/fault';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openEmbeddedKeyedState } from './embedded-keyed-state.js';
import type { KeyedState } from './keyed-state.js';
import { type RecordedCallsOptions, recordedCalls } from './recorded-calls.js';
import { bytes, textOf } from './testing/stage.js';

const LEASE = 10_000;
const never = new AbortController().signal;
let folder: string;
let state: KeyedState;
let time = 0;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-calls-'));
  time = 1_700_000_000_000;
  state = openEmbeddedKeyedState({ path: join(folder, 'state.db'), now: () => time });
});
afterEach(async () => {
  await state.close();
  rmSync(folder, { recursive: true });
});

/** One process: pauses pass at once and move the clock. */
const process = (options: RecordedCallsOptions = {}, over: Partial<KeyedState> = {}) =>
  recordedCalls(
    { ...state, ...over },
    {
      waitMs: 60_000,
      pollMs: 1_000,
      now: () => time,
      pause: async (ms, signal) => {
        signal.throwIfAborted();
        time += ms;
        await new Promise(setImmediate);
      },
      ...options,
    },
  );

const work = (text: string) => vi.fn(async () => bytes(text));
const shown = ({ result, recorded }: { result: Uint8Array; recorded: boolean }) => [textOf(result), recorded];

describe('recorded calls', () => {
  it('runs work once and finds its result afterwards, also in another process', async () => {
    const first = work('paid');
    const second = work('paid twice');
    expect(shown(await process().once('m1/classify', LEASE, first, never))).toEqual(['paid', false]);
    expect(shown(await process().once('m1/classify', LEASE, second, never))).toEqual(['paid', true]);
    expect(second).not.toHaveBeenCalled();
  });

  it('keeps the calls of different ids apart', async () => {
    const calls = process();
    await calls.once('m1/classify', LEASE, work('one'), never);
    expect(shown(await calls.once('m1/extract', LEASE, work('two'), never))).toEqual(['two', false]);
  });

  it.each([
    ['one process', false],
    ['several processes', true],
  ])('runs work once for many callers at once, in %s', async (_, apart) => {
    const { promise, resolve } = Promise.withResolvers<Uint8Array>();
    const slow = vi.fn(() => promise);
    const one = process({ waitMs: 1e9, leaseMs: 1e9 });
    const callers = Array.from({ length: 8 }, () =>
      (apart ? process({ waitMs: 1e9, leaseMs: 1e9 }) : one).once('m1', 1e9, slow, never),
    );
    await vi.waitFor(() => expect(slow).toHaveBeenCalled());
    resolve(bytes('paid'));
    const results = await Promise.all(callers);
    expect(slow).toHaveBeenCalledOnce();
    expect(results.map(({ result }) => textOf(result))).toEqual(new Array(8).fill('paid'));
    expect(results.filter(({ recorded }) => !recorded).length).toBe(1);
  });

  it('wakes those who wait in the same process as soon as the result is there, without a look in between', async () => {
    const { promise, resolve } = Promise.withResolvers<Uint8Array>();
    const calls = process({ pause: () => new Promise(() => {}) });
    const callers = [1, 2].map(() => calls.once('m1', LEASE, () => promise, never));
    await new Promise(setImmediate);
    resolve(bytes('paid'));
    expect((await Promise.all(callers)).map(shown)).toEqual([
      ['paid', false],
      ['paid', true],
    ]);
  });

  it('lets the next caller try again when work fails, and passes the failure through as it is', async () => {
    const failure = new Fault('throttled', 'slow down', { retryAfterMs: 5 });
    const calls = process();
    await expect(calls.once('m1', LEASE, () => Promise.reject(failure), never)).rejects.toBe(failure);
    expect(shown(await calls.once('m1', LEASE, work('paid'), never))).toEqual(['paid', false]);
  });

  it('takes over what a crashed process had claimed, once its lease is over', async () => {
    await state.claim('call:{m1}', LEASE);
    const started = time;
    expect(shown(await process().once('m1', LEASE, work('paid'), never))).toEqual(['paid', false]);
    expect(time - started).toBeGreaterThanOrEqual(LEASE);
  });

  it('gives up after the wait, with a fault that is tried again later', async () => {
    await state.claim('call:{m1}', 600_000);
    const second = work('paid twice');
    await expect(process().once('m1', LEASE, second, never)).rejects.toMatchObject({
      code: 'conflict',
      retryAfterMs: 540_000,
    });
    expect(second).not.toHaveBeenCalled();
  });

  it('shows the result of whoever took over when the owner was too late, and tells that it was paid twice', async () => {
    const onPaidTwice = vi.fn();
    const late = await process({ onPaidTwice }).once(
      'm1',
      LEASE,
      async () => {
        time += LEASE;
        await process().once('m1', LEASE, work('newer'), never);
        return bytes('older');
      },
      never,
    );
    expect(shown(late)).toEqual(['newer', true]);
    expect(onPaidTwice).toHaveBeenCalledExactlyOnceWith('m1');
    expect(shown(await process().once('m1', LEASE, work('no'), never))).toEqual(['newer', true]);
  });

  it('records a late result when whoever took over failed', async () => {
    const failing = () => Promise.reject(new Fault('timed_out', 'late'));
    const onPaidTwice = vi.fn();
    const late = await process({ onPaidTwice }).once(
      'm1',
      LEASE,
      async () => {
        time += LEASE;
        await expect(process().once('m1', LEASE, failing, never)).rejects.toMatchObject({
          code: 'timed_out',
        });
        return bytes('paid');
      },
      never,
    );
    expect(shown(late)).toEqual(['paid', false]);
    expect(onPaidTwice).not.toHaveBeenCalled();
    expect(shown(await process().once('m1', LEASE, work('no'), never))).toEqual(['paid', true]);
  });

  it('starts nothing for a caller who has given up', async () => {
    const started = work('paid');
    await expect(process().once('m1', LEASE, started, AbortSignal.abort())).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect(started).not.toHaveBeenCalled();
  });

  it('stops waiting when the caller gives up', async () => {
    await state.claim('call:{m1}', LEASE);
    const controller = new AbortController();
    const waiting = recordedCalls(state, { now: () => time, pollMs: 3_600_000 }).once(
      'm1',
      LEASE,
      work('no'),
      controller.signal,
    );
    await new Promise(setImmediate);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('records what was paid for when the caller gave up during the call', async () => {
    const controller = new AbortController();
    const aborting = async () => {
      controller.abort();
      return bytes('paid');
    };
    await process().once('m1', LEASE, aborting, controller.signal);
    expect(shown(await process().once('m1', LEASE, work('no'), never))).toEqual(['paid', true]);
  });

  /** Rejects until so many tries are over. */
  const away = (tries: number) => {
    let left = tries;
    return vi.fn<KeyedState['complete']>(async (...result) => {
      left -= 1;
      if (left >= 0) throw new Fault('unavailable', 'restarts');
      await state.complete(...result);
    });
  };

  it('records what was paid for once a store that was out of reach is back', async () => {
    const calls = process({}, { complete: away(5) });
    expect(shown(await calls.once('m1', LEASE, work('paid'), never))).toEqual(['paid', false]);
    expect(shown(await process().once('m1', LEASE, work('no'), never))).toEqual(['paid', true]);
  });

  it('tries once more to record what was paid for when the caller gives up meanwhile', async () => {
    const controller = new AbortController();
    const complete = away(1);
    const calls = process({ pause: async () => controller.abort() }, { complete });
    expect(shown(await calls.once('m1', LEASE, work('paid'), controller.signal))).toEqual(['paid', false]);
    expect(complete).toHaveBeenCalledTimes(2);
  });

  it('does not hold up for longer than that whoever gives up', async () => {
    const controller = new AbortController();
    const complete = away(9);
    const calls = process({ pause: async () => controller.abort() }, { complete });
    const call = calls.once('m1', LEASE, work('paid'), controller.signal);
    await expect(call).rejects.toMatchObject({ code: 'unavailable' });
    expect(complete).toHaveBeenCalledTimes(2);
  });

  it('forgets results after their time', async () => {
    const calls = process({ keepMs: 1_000 });
    await calls.once('m1', LEASE, work('old'), never);
    time += 1_001;
    expect(shown(await calls.once('m1', LEASE, work('new'), never))).toEqual(['new', false]);
  });

  it('tells of both when work fails and cannot be given up', async () => {
    const failure = new Fault('timed_out', 'late');
    const second = new Fault('unavailable', 'no disk');
    const calls = process({}, { release: () => Promise.reject(second) });
    await expect(calls.once('m1', LEASE, () => Promise.reject(failure), never)).rejects.toMatchObject({
      code: 'unavailable',
      cause: { errors: [failure, second] },
    });
  });

  it('lets a fault of the store out as it is', async () => {
    const full = new Fault('unavailable', 'no disk');
    const calls = process({}, { complete: () => Promise.reject(full) });
    await expect(calls.once('m1', LEASE, work('paid'), never)).rejects.toBe(full);
  });

  describe('lease', () => {
    const RENEWED = { leaseMs: 9_000 };
    /** Lets time pass for the state and for the timers of those who renew. */
    async function pass(ms: number): Promise<void> {
      for (let left = ms; left > 0; left -= 1_000) {
        time += 1_000;
        await vi.advanceTimersByTimeAsync(1_000);
        await new Promise(setImmediate);
      }
    }
    const busy = async () => (await state.claim('call:{m1}', 1)).state === 'busy';

    beforeEach(() => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    it('is renewed while the call is under way, however long it takes', async () => {
      const { promise, resolve } = Promise.withResolvers<Uint8Array>();
      const onPaidTwice = vi.fn();
      const call = process({ ...RENEWED, onPaidTwice }).once('m1', 125_000, () => promise, never);
      for (let n = 0; n < 20; n++) {
        await pass(6_000);
        expect(await busy()).toBe(true);
      }
      resolve(bytes('paid'));
      expect(shown(await call)).toEqual(['paid', false]);
      expect(onPaidTwice).not.toHaveBeenCalled();
      expect(vi.getTimerCount()).toBe(0);
    });

    it('is over soon after its owner vanished, and the next caller need not wait for the longest call', async () => {
      const renew = () => new Promise<never>(() => {});
      void process(RENEWED, { renew }).once('m1', 125_000, () => new Promise(() => {}), never);
      await pass(8_000);
      expect(await busy()).toBe(true);
      await pass(2_000);
      expect(shown(await process(RENEWED).once('m1', 125_000, work('paid'), never))).toEqual(['paid', false]);
    });

    it('is not renewed for longer than the work may take', async () => {
      void process(RENEWED).once('m1', 30_000, () => new Promise(() => {}), never);
      await pass(29_000);
      expect(await busy()).toBe(true);
      await pass(9_000);
      expect(vi.getTimerCount()).toBe(0);
      expect(shown(await process(RENEWED).once('m1', 30_000, work('paid'), never))).toEqual(['paid', false]);
    });

    it('lasts no longer than the work may take', async () => {
      void process(RENEWED).once('m1', 2_000, () => new Promise(() => {}), never);
      await pass(3_000);
      expect(await busy()).toBe(false);
    });

    it('is renewed again after an outage of the state', async () => {
      const renew = vi.fn(state.renew).mockRejectedValueOnce(new Fault('unavailable', 'gone'));
      const { promise, resolve } = Promise.withResolvers<Uint8Array>();
      const call = process(RENEWED, { renew }).once('m1', 125_000, () => promise, never);
      await pass(14_000);
      expect(renew).toHaveBeenCalledTimes(4);
      expect(await busy()).toBe(true);
      resolve(bytes('paid'));
      await call;
    });

    it('is given up when someone else has the call, and the fence decides whose result stands', async () => {
      const renew = vi.fn(state.renew).mockRejectedValueOnce(new Fault('unavailable', 'gone'));
      renew.mockRejectedValueOnce(new Fault('unavailable', 'gone'));
      renew.mockRejectedValueOnce(new Fault('unavailable', 'gone'));
      const onPaidTwice = vi.fn();
      const { promise, resolve } = Promise.withResolvers<Uint8Array>();
      const call = process({ ...RENEWED, onPaidTwice }, { renew }).once('m1', 125_000, () => promise, never);
      await pass(10_000);
      await process(RENEWED).once('m1', 125_000, work('newer'), never);
      await pass(20_000);
      expect(renew).toHaveBeenCalledTimes(4);
      resolve(bytes('older'));
      expect(shown(await call)).toEqual(['newer', true]);
      expect(onPaidTwice).toHaveBeenCalledOnce();
    });
  });
});
