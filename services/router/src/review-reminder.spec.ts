import { policy } from '@spillway/policy/testing/given';
import { configureLogs, createLogger } from '@spillway/telemetry/logger';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { reviewReminder } from './review-reminder.js';

const DAY_MS = 86_400_000;
const lines: string[] = [];
const said = () => lines.map((line) => JSON.parse(line).msg);

beforeEach(() => {
  lines.length = 0;
  configureLogs({ destination: { write: (line) => lines.push(line) } });
});
afterEach(() => vi.useRealTimers());

function remindFrom(day: string) {
  vi.useFakeTimers({ now: Date.parse(day) });
  const reminder = reviewReminder({ policy, log: createLogger('router'), now: Date.now });
  reminder.start();
  return reminder;
}

it('warns daily once the review is more than a month old, until it is stopped', () => {
  const reminder = remindFrom('2026-12-24');
  vi.advanceTimersByTime(DAY_MS);
  expect(said()).toEqual([]);
  vi.advanceTimersByTime(2 * DAY_MS);
  expect(said()).toEqual([
    'the policy was reviewed 32 days ago, on 2026-11-24: review its thresholds',
    'the policy was reviewed 33 days ago, on 2026-11-24: review its thresholds',
  ]);
  reminder.stop();
  vi.advanceTimersByTime(9 * DAY_MS);
  expect(said()).toHaveLength(2);
});

it('warns at the start too', () => {
  remindFrom('2027-01-24').stop();
  expect(said()).toEqual(['the policy was reviewed 61 days ago, on 2026-11-24: review its thresholds']);
});
