import { once } from 'node:events';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { Kafka, logLevel } from 'kafkajs';
import { describe, expect, it, vi } from 'vitest';
import { calmRequestQueues, patch } from './request-queue.js';

interface Queue {
  throttledUntil: number;
  readonly throttleCheckTimeoutId: NodeJS.Timeout | null;
  push(request: object): void;
  checkPendingRequests(): void;
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
