import { expect, it } from 'vitest';
import { Fault } from './fault.js';

const named = (name: string) => Object.assign(new Error('x'), { name });

it.each([
  ['a fault stays itself', new Fault('throttled', 'slow down', { retryAfterMs: 5 }), 'throttled', 'retry'],
  ['an abort is a cancellation', named('AbortError'), 'cancelled', 'retry'],
  ['a time-out is one', named('TimeoutError'), 'timed_out', 'retry'],
  ['anything else is unknown and tried again', new TypeError('x'), 'unknown', 'retry'],
  ['a thrown string is unknown', 'oops', 'unknown', 'retry'],
  ['what cannot be read is parked', new Fault('malformed', 'no'), 'malformed', 'dead-letter'],
  ['a full budget is parked, not tried again', new Fault('over_budget', 'no'), 'over_budget', 'dead-letter'],
  ['what was refused is parked', new Fault('rejected', 'no'), 'rejected', 'dead-letter'],
])('%s', (_, error, code, reaction) => {
  const fault = Fault.from(error);
  expect([fault.code, fault.reaction]).toEqual([code, reaction]);
  if (!(error instanceof Fault)) expect(fault.cause).toBe(error);
});

it('keeps everything but the number of attempts after several of them', () => {
  const cause = new Error('x');
  const first = new Fault('throttled', 'slow down', {
    cause,
    retryAfterMs: 5,
    problems: [{ where: 'a', message: 'b' }],
  });
  expect(first.attempts).toBe(1);
  expect(first.after(3)).toMatchObject({
    code: 'throttled',
    message: 'slow down',
    cause,
    retryAfterMs: 5,
    problems: [{ where: 'a', message: 'b' }],
    attempts: 3,
  });
});
