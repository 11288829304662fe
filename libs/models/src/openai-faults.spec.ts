import { expect, it } from 'vitest';
import { retryAfterMs } from './openai-faults.js';

const now = Date.UTC(2026, 10, 24, 10, 0, 0);

it.each<[string, Record<string, string>, number | undefined]>([
  ['seconds', { 'retry-after': '3' }, 3_000],
  ['parts of seconds', { 'retry-after': '0.5' }, 500],
  ['a date', { 'retry-after': 'Tue, 24 Nov 2026 10:00:07 GMT' }, 7_000],
  ['a date that has passed', { 'retry-after': 'Tue, 24 Nov 2026 09:00:00 GMT' }, 0],
  ['milliseconds before seconds', { 'retry-after-ms': '120', 'retry-after': '3' }, 120],
  ['words', { 'retry-after': 'soon' }, undefined],
  ['a negative number', { 'retry-after': '-4x' }, undefined],
  ['nothing', {}, undefined],
])('reads %s', (_, headers, want) => {
  expect(retryAfterMs(new Headers(headers), now)).toBe(want);
});
