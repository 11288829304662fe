import { describe, expect, it } from 'vitest';
import { monthAfter, monthOf, UNDATED } from './month.js';

const idAt = (time: string) => {
  const digits = Date.parse(time).toString(16).padStart(12, '0');
  return `${digits.slice(0, 8)}-${digits.slice(8)}-7abc-8def-0123456789ab`;
};

describe('the month of an id', () => {
  it.each([
    ['is that of its time', idAt('2026-11-15T12:00:00Z'), 202611],
    ['begins with its first millisecond, by UTC', idAt('2026-11-01T00:00:00.000Z'), 202611],
    ['ends with its last', idAt('2026-11-30T23:59:59.999Z'), 202611],
    ['does not mind upper case', idAt('2027-01-01T00:00:00Z').toUpperCase(), 202701],
    [
      'is that of the message in the id of an event',
      `${idAt('2026-12-31T23:59:59.999Z')}/step.completed`,
      202612,
    ],
    ['is none for a time before there was a Spillway', idAt('2019-12-31T23:59:59.999Z'), UNDATED],
    ['is none for a time that no clock shows', 'ffffffff-ffff-7abc-8def-0123456789ab', UNDATED],
    ['is none for another version', '0af76519-16cd-43dd-8448-eb211c80319c', UNDATED],
    ['is none for what only starts like one', `${idAt('2026-11-15T12:00:00Z')}0`, UNDATED],
    ['is none for any other text', 'm1', UNDATED],
    ['is none for no text', '', UNDATED],
  ])('%s', (_, id, month) => {
    expect(monthOf(id)).toBe(month);
  });

  it.each([
    [202611, 202612],
    [202612, 202701],
  ])('%i is followed by %i', (month, after) => {
    expect(monthAfter(month)).toBe(after);
  });
});
