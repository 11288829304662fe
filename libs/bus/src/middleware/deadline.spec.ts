import { getEventListeners } from 'node:events';
import { Fault } from '@spillway/contracts/fault';
import { describe, expect, it, vi } from 'vitest';
import type { RecordHandler } from '../bus.js';
import { gate } from '../testing/harness.js';
import { record } from '../testing/record.js';
import { deadline } from './deadline.js';

const never: RecordHandler = () => new Promise(() => undefined);
const untilAborted: RecordHandler = (_, signal) =>
  new Promise((__, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

describe('deadline', () => {
  it.each([
    ['listens', untilAborted],
    ['does not listen', never],
  ])('rejects with timed_out when the handler %s', async (_, handler) => {
    const handle = deadline(1)(handler);
    await expect(handle(record(), new AbortController().signal)).rejects.toMatchObject({ code: 'timed_out' });
  });

  it('passes an abort on, with its reason', async () => {
    const controller = new AbortController();
    const started = gate();
    const aborted = gate();
    const handling = deadline(60_000)((_, signal) => {
      signal.addEventListener('abort', aborted.open);
      started.open();
      return never(_, signal);
    })(record(), controller.signal);
    await started.opened;
    controller.abort(new Fault('cancelled', 'the process is stopping'));
    await expect(handling).rejects.toMatchObject({ code: 'cancelled', message: 'the process is stopping' });
    await aborted.opened;
  });

  it('does not begin once the signal is aborted', async () => {
    let runs = 0;
    const handle = deadline(60_000)(async () => {
      runs += 1;
      return [];
    });
    await expect(handle(record(), AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
    expect(runs).toBe(0);
  });

  it.each<[string, RecordHandler]>([
    ['succeeds', async () => []],
    ['fails', () => Promise.reject(new Fault('conflict', 'x'))],
  ])('leaves nothing behind when the handler %s', async (_, handler) => {
    vi.useFakeTimers();
    const outer = new AbortController();
    const signals: AbortSignal[] = [];
    const handle = deadline(60_000)((one, signal) => {
      signals.push(signal);
      return handler(one, signal);
    });
    await handle(record(), outer.signal).catch(() => []);
    expect(vi.getTimerCount()).toBe(0);
    outer.abort();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    vi.useRealTimers();
  });

  it('listens once for all that share a signal, and stops every one of them', async () => {
    const outer = new AbortController();
    const handle = deadline(60_000)(untilAborted);
    const handlings = [1, 2, 3].map((offset) => handle(record({ offset }), outer.signal));
    expect(getEventListeners(outer.signal, 'abort').length).toBe(1);
    outer.abort(new Fault('cancelled', 'x'));
    const results = await Promise.allSettled(handlings);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });

  it.each<[string, () => ReturnType<RecordHandler>, unknown]>([
    ['outputs', async () => [], { outputs: [] }],
    ['a fault', () => Promise.reject(new Fault('conflict', 'x')), { code: 'conflict' }],
    ['a foreign error', () => Promise.reject(new TypeError('x')), { code: 'unknown' }],
  ])('gives what came in time: %s', async (_, handler, wanted) => {
    const handling = deadline(60_000)(handler)(record(), new AbortController().signal);
    const result = await handling.then(
      (outputs) => ({ outputs }),
      ({ code }: Fault) => ({ code }),
    );
    expect(result).toEqual(wanted);
  });
});
