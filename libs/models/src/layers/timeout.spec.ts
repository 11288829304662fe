import { Fault } from '@spillway/contracts/fault';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Completion, Prompt } from '../language-model.js';
import { scripted } from '../testing/scripted.js';
import { timeout } from './timeout.js';

const prompt = { step: 'classify' } as Prompt;

/** Answers only when it is aborted, as a driver does. */
const silent = scripted([
  (_, signal) =>
    new Promise<Partial<Completion>>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Fault('cancelled', 'aborted')));
    }),
]);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('ends a call that takes too long', async () => {
  const call = timeout(1_000)(silent).complete(prompt, new AbortController().signal);
  vi.advanceTimersByTime(1_000);
  await expect(call).rejects.toMatchObject({
    code: 'timed_out',
    message: 'scripted: no answer within 1000 ms',
  });
});

it("leaves the caller's own abort to the caller", async () => {
  const controller = new AbortController();
  const call = timeout(1_000)(silent).complete(prompt, controller.signal);
  controller.abort();
  await expect(call).rejects.toMatchObject({ code: 'cancelled' });
});

it('keeps no timer once the call is over', async () => {
  await timeout(1_000)(scripted([{}])).complete(prompt, new AbortController().signal);
  expect(vi.getTimerCount()).toBe(0);
});
