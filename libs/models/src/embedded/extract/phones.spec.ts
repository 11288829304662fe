import { describe, expect, it } from 'vitest';
import { findPhones } from './phones.js';

const found = (text: string, country: 'IE' | 'DE' | 'US' | 'GB' | undefined = 'IE'): string[] =>
  findPhones(text, country).map(({ start, end, value, situation }) => {
    return `${text.slice(start, end)} → ${value} ${situation}`;
  });

describe('telephone numbers', () => {
  it.each<[string, 'IE' | 'DE' | 'US' | 'GB' | undefined, string[]]>([
    ['call +353 87 123 4567 please', 'IE', ['+353 87 123 4567 → +353871234567 international']],
    ['0035387 1234567', 'IE', ['0035387 1234567 → +353871234567 international']],
    ['my number is 087 123 4567', 'IE', ['087 123 4567 → +353871234567 national']],
    ['0871234567', 'IE', ['0871234567 → +353871234567 bare']],
    ['(030) 901820', 'DE', ['(030) 901820 → +4930901820 national']],
    ['Tel: 030/901820.', 'DE', ['030/901820 → +4930901820 national']],
    ['754-453-7689', 'US', ['754-453-7689 → +17544537689 national']],
    ['+44 20 7946 0018', undefined, ['+44 20 7946 0018 → +442079460018 international']],
    [
      'a +353871234567 b +353871234568',
      'IE',
      ['+353871234567 → +353871234567 international', '+353871234568 → +353871234568 international'],
    ],
  ])('%s in %s', (text, country, want) => {
    expect(found(text, country)).toEqual(want);
  });

  it.each([
    'order 204518',
    'FF-2045181234',
    '0000000000',
    '12345678901234567890123456789',
    '1234567',
    '2026-11-03 10:15',
    '087 123 4567x9',
    'A0871234567',
    '087123456789012345678901234567',
    '1.2.3.4.5.6.7.8.9',
  ])('%s is none', (text) => {
    expect(found(text)).toEqual([]);
  });

  it('reads no more than a dozen stretches of digits', () => {
    expect(found('+353 87 123 4567, '.repeat(1_000)).length).toBeLessThanOrEqual(12);
  });
});
