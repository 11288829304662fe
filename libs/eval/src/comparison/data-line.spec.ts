import { expect, it } from 'vitest';
import { dataLine } from './data-line.js';

const evidence = {
  sets: [{ path: 'a.jsonl', sha256: 'a'.repeat(64), rows: 1 }],
  leftOut: 0,
  repeated: { rows: 0, otherLabel: 0 },
  labelSource: 'truth' as const,
  pricesFrom: '2026-10-01',
};

it.each([
  ['one row', evidence, 1, '1 row of a.jsonl (sha256 aaaaaaaaaaaa, 1 row); labels'],
  ['several', evidence, 1_200, '1,200 rows of a.jsonl'],
  ['one that was learnt', { ...evidence, leftOut: 1 }, 1, '; 1 row that a model was trained on is left out'],
  [
    'one that repeats another',
    { ...evidence, repeated: { rows: 1, otherLabel: 0 } },
    2,
    '; 1 row that repeats an earlier text is left out; labels',
  ],
  [
    'some that do, with other labels',
    { ...evidence, repeated: { rows: 7, otherLabel: 2 } },
    2,
    '; 7 rows that repeat an earlier text are left out (2 with another label: the first one counts); labels',
  ],
])('what figures rest on is said of %s', (_, rests, rows, text) => {
  expect(dataLine(rests, rows)).toContain(text);
});
