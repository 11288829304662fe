import { expect, it } from 'vitest';
import { offsetFinder } from './time-zone.js';

it.each<[string, number, number]>([
  ['Europe/Dublin', Date.UTC(2026, 0, 1), 0],
  ['Europe/Dublin', Date.UTC(2026, 6, 1), 60],
  ['America/New_York', Date.UTC(2026, 0, 1), -300],
  ['Asia/Kolkata', Date.UTC(2026, 0, 1), 330],
  ['UTC', Date.UTC(2026, 0, 1), 0],
])('%s at %i is %i minutes east', (timeZone, ms, minutes) => {
  expect(offsetFinder(timeZone)(ms)).toBe(minutes);
});

it('follows the clock over a change', () => {
  const offsetAt = offsetFinder('Europe/Dublin');
  const change = Date.UTC(2026, 2, 29, 1);
  expect([offsetAt(change - 1), offsetAt(change), offsetAt(change - 1)]).toEqual([0, 60, 0]);
});
