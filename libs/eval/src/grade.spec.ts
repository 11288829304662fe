import { Mood } from '@spillway/contracts/model';
import type { StepCompletedInit } from '@spillway/models/runner';
import { expect, it } from 'vitest';
import { isRight } from './grade.js';

type Result = NonNullable<StepCompletedInit['result']>;
const found = (...fields: readonly (readonly [string, string])[]): Result => ({
  case: 'extraction',
  value: { fields: fields.map(([name, value]) => ({ name, value })) },
});
const classified = (label: string): Result => ({ case: 'classification', value: { label } });
const failed: Result = { case: 'failure', value: { code: 'unavailable', detail: '' } };

it.each<[string, Parameters<typeof isRight>[0], Result, Parameters<typeof isRight>[2], boolean]>([
  ['the label', 'classify', classified('refund'), 'refund', true],
  ['another label', 'classify', classified('refund'), 'order', false],
  ['no answer', 'classify', failed, 'refund', false],
  ['the mood', 'sentiment', { case: 'sentiment', value: { mood: Mood.NEGATIVE } }, 'negative', true],
  ['another mood', 'sentiment', { case: 'sentiment', value: { mood: Mood.NEUTRAL } }, 'negative', false],
  ['all values', 'extract', found(['order', 'A'], ['order', 'B']), { order: ['B', 'A'] }, true],
  ['other case and space', 'extract', found(['name', 'Ann  LEE ']), { name: ['ann lee'] }, true],
  ['a value too few', 'extract', found(['order', 'A']), { order: ['A', 'B'] }, false],
  ['a field too many', 'extract', found(['order', 'A'], ['date', 'x']), { order: ['A'] }, false],
  ['a field too few', 'extract', found(), { order: ['A'] }, false],
  ['rightly nothing', 'extract', found(), {}, true],
  ['no answer where nothing is', 'extract', failed, {}, false],
])('%s', (_, step, result, label, right) => {
  expect(isRight(step, { result }, label)).toBe(right);
});
