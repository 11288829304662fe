import { expect, it } from 'vitest';
import type { StepAnswer } from './case.js';
import { comparable } from './comparison.js';

const of = (step: StepAnswer['step'], result: object): StepAnswer =>
  ({ step, tier: 'small', result }) as unknown as StepAnswer;
const label = (name: string) => of('classify', { label: name, queue: 'q', alternatives: [] });
const mood = (value: number) => of('sentiment', { mood: value, alternatives: [] });
const fields = (...pairs: readonly (readonly [string, string])[]) =>
  of('extract', { fields: pairs.map(([name, value]) => ({ name, value, confidence: Math.random() })) });

it.each<[string, StepAnswer, StepAnswer, boolean]>([
  ['the same label', label('refund'), label('refund'), true],
  ['another label', label('refund'), label('cancel'), false],
  ['the same mood', mood(1), mood(1), true],
  ['another mood', mood(1), mood(3), false],
  ['a label and a mood of one spelling', label('1'), mood(1), false],
  ['no fields', fields(), fields(), true],
  ['a field that only one found', fields(['date', '2026-11-24']), fields(), false],
  ['fields in another order', fields(['a', '1'], ['b', '2']), fields(['b', '2'], ['a', '1']), true],
  ['a field that was found twice', fields(['a', '1'], ['a', '1']), fields(['a', '1']), true],
  ['letter case and white space', fields(['name', ' Ada  LOVELACE']), fields(['name', 'ada lovelace']), true],
  ['values that swapped their names', fields(['a', '1'], ['b', '2']), fields(['a', '2'], ['b', '1']), false],
  ['a name and value that run together', fields(['a', 'b c']), fields(['a b', 'c']), false],
])('%s', (_, one, other, equal) => expect(comparable(one) === comparable(other)).toBe(equal));

it.each([
  of('draft', { text: 'Hi', macroId: '', missingFields: [] }),
  of('polish', { text: 'Hi' }),
  { step: 'classify', tier: 'big', failure: 'timed_out' } as const,
])('knows nothing to compare %j by', (answer) => expect(comparable(answer)).toBeUndefined());
