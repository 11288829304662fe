import type { StepCompletedInit } from '@spillway/models/runner';
import { describe, expect, it } from 'vitest';
import type { ReplyRow } from '../reply-rows.js';
import type { JudgedPair } from './judge-pairs.js';
import { judgeQuestions, judgeReport, judgeTable } from './judge-report.js';

const said = (text: string): StepCompletedInit => ({ result: { case: 'draft', value: { text } } });
const row = (id: string, preferred?: ReplyRow['preferred']): ReplyRow => ({
  id,
  input: { text: `message ${id}`, subject: '', locale: 'en', receivedAtMs: 0 },
  checklist: { mustMention: [], mustNotMention: [] },
  ...(preferred === undefined ? {} : { preferred }),
});
const judgedPair = (inOrder: JudgedPair['inOrder'], reversed: JudgedPair['reversed']): JudgedPair => ({
  inOrder,
  reversed,
  costNanos: 0n,
});

describe('what a judge is asked', () => {
  it('is which of two replies is better, where they differ and are there', () => {
    const rows = [row('a'), row('b'), row('c')];
    const failed: StepCompletedInit = { result: { case: 'failure', value: { code: 'malformed' } } };
    const questions = judgeQuestions(
      rows,
      [said('x'), said('same'), said('z')],
      [said('y'), said('same '), failed],
    );
    expect(questions.replies).toEqual([{ input: rows[0]?.input, one: 'x', other: 'y' }]);
    expect(questions.same).toBe(1);
  });

  it('is also what people have compared, the better one first in every other row', () => {
    const pair = { better: 'good', worse: 'bad' };
    const { people } = judgeQuestions([row('a', pair), row('b', pair)], [], []);
    expect(people).toMatchObject([
      { one: 'good', other: 'bad', human: 'candidate' },
      { one: 'bad', other: 'good', human: 'reference' },
    ]);
  });
});

describe('a judge', () => {
  const none = { clusters: [], same: 0, people: [] };
  it.each([
    [
      'that prefers the small model’s reply in both places',
      ['first', 'second'],
      '1, 0, 0',
      '100.0 % of 1',
      'the first 0',
    ],
    ['that prefers the big one’s', ['second', 'first'], '0, 0, 1', '100.0 % of 1', 'the first 0'],
    ['that takes the first whatever it is', ['first', 'first'], '0, 1, 0', '0.0 % of 1', 'the first 1'],
    ['that finds them equal', ['neither', 'neither'], '0, 1, 0', '100.0 % of 1', 'the first 0'],
  ] as const)('%s', (_, [inOrder, reversed], counts, consistency, place) => {
    const report = judgeReport(
      'j',
      { ...none, clusters: [undefined] },
      { replies: [judgedPair(inOrder, reversed)], people: [] },
    );
    const cells = Object.fromEntries(judgeTable(report).rows.map(([name = '', value = '']) => [name, value]));
    expect(cells['small better, equal, big better']).toBe(counts);
    expect(cells['says the same in both orders']).toBe(consistency);
    expect(cells['prefers a place']).toContain(place);
    expect(cells['people’s word on pairs']).toContain('nothing says whether the judge can be believed');
  });

  it('is held against people, whichever reply they saw first', () => {
    const people = [
      { input: row('a').input, one: 'good', other: 'bad', human: 'candidate' },
      { input: row('b').input, one: 'bad', other: 'good', human: 'reference' },
    ] as const;
    const right = [judgedPair('first', 'second'), judgedPair('second', 'first')];
    const { people: figures } = judgeReport('j', { ...none, people }, { replies: [], people: right });
    expect(figures?.human).toMatchObject({ pairs: 2, agreement: 1, kappa: 1 });
  });
});
