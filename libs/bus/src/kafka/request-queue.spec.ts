import { once } from 'node:events';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { calmRequestQueues, patch } from './request-queue.js';

interface Queue {
  throttledUntil: number;
  readonly throttleCheckTimeoutId: NodeJS.Timeout | null;
  push(request: object): void;
  checkPendingRequests(): void;
  scheduleRequestTimeoutCheck(): void;
  destroy(): void;
}

const RequestQueue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as new (
  options: object,
) => Queue;

const queue = (): Queue =>
  new RequestQueue({ maxInFlightRequests: 1, requestTimeout: 1_000, logger: { debug: () => undefined } });

const request = (correlationId: number, sendRequest: () => void) => ({
  entry: { correlationId, resolve: () => undefined, reject: () => undefined },
  expectResponse: false,
  sendRequest,
});

/** The queue of a connection, which looks for late requests. */
function checked() {
  calmRequestQueues();
  const isConnected = vi.fn(() => true);
  const logger = { debug: () => undefined };
  const idle = new RequestQueue({ requestTimeout: 1_000, enforceRequestTimeout: true, isConnected, logger });
  idle.scheduleRequestTimeoutCheck();
  return { idle, isConnected };
}

const waiting = (correlationId: number, reject: () => void) => ({
  entry: { correlationId, resolve: () => undefined, reject },
  expectResponse: true,
  sendRequest: () => undefined,
});

afterEach(() => vi.useRealTimers());

describe('the request queue of kafkajs', () => {
  it('is the one that the fix is for', () => expect(calmRequestQueues()).toBe(true));

  it('has no timer while nothing waits', () => {
    calmRequestQueues();
    const idle = queue();
    idle.checkPendingRequests();
    expect(idle.throttleCheckTimeoutId).toBeNull();
  });

  it('sends what had to wait until the broker takes requests again, and then has no timer', async () => {
    calmRequestQueues();
    const throttled = queue();
    const send = vi.fn();
    throttled.throttledUntil = Date.now() + 20;
    throttled.push(request(1, send));
    expect(send).not.toHaveBeenCalled();
    await vi.waitFor(() => expect(send).toHaveBeenCalledOnce());
    expect(throttled.throttleCheckTimeoutId).toBeNull();
  });

  it('looks for late requests when one can be late, not all the time', () => {
    vi.useFakeTimers();
    const { isConnected } = checked();
    vi.advanceTimersByTime(10_000);
    expect(isConnected.mock.calls.length).toBeLessThanOrEqual(10);
  });

  it.each([
    ['the time of the queue', 0, undefined, 1_000],
    ['a longer time of its own', 0, 3_000, 3_000],
    ['no shorter time of its own', 0, 10, 1_000],
    ['the time of the queue, from when it was sent', 700, undefined, 1_700],
  ])('gives a request %s to be answered in', (_, sentAtMs, requestTimeout, lateAtMs) => {
    vi.useFakeTimers();
    const { idle } = checked();
    const reject = vi.fn();
    vi.advanceTimersByTime(sentAtMs);
    idle.push({ ...waiting(1, reject), requestTimeout });
    vi.advanceTimersByTime(lateAtMs - sentAtMs);
    expect(reject).not.toHaveBeenCalled();
    vi.advanceTimersByTime(10);
    expect(reject).toHaveBeenCalledOnce();
  });

  it('looks no more once the connection is gone', () => {
    vi.useFakeTimers();
    const { isConnected } = checked();
    isConnected.mockReturnValue(false);
    vi.advanceTimersByTime(2_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('still gives up a request that nobody answers', async () => {
    calmRequestQueues();
    const silent = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const brokers = [`127.0.0.1:${(silent.address() as AddressInfo).port}`];
    const retry = { retries: 0 };
    const admin = new Kafka({ brokers, requestTimeout: 100, retry, logLevel: logLevel.NOTHING }).admin();
    await expect(admin.connect()).rejects.toThrow(/timed out/);
    await admin.disconnect();
    silent.close();
  });

  it.each([
    ['has no such method', {}],
    ['does something else there', { scheduleCheckPendingRequests: () => undefined }],
  ])('is left alone when it %s', (_, other: object) => {
    const before = { ...other };
    expect(patch(other)).toBe(false);
    expect(other).toEqual(before);
  });
});
