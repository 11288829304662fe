import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evalFiles, refuseTwice } from './eval-sets.js';

let pack: string;
beforeAll(() => {
  pack = mkdtempSync(join(tmpdir(), 'spillway-sets-'));
  mkdirSync(join(pack, 'eval'));
  for (const name of ['classify.jsonl', 'classify.hard.jsonl', 'draft.jsonl', 'notes.txt']) {
    writeFileSync(join(pack, 'eval', name), '');
  }
});
afterAll(() => rmSync(pack, { recursive: true }));

const found = async (steps: readonly string[], sets: readonly string[] = []): Promise<string[]> =>
  (await evalFiles(pack, { steps, sets })).map(
    ({ step, path }) => `${step} ${path.replace(`${pack}/eval/`, '')}`,
  );

describe('the sets to evaluate on', () => {
  it.each([
    [
      'are the pack’s',
      [],
      [],
      ['classify classify.hard.jsonl', 'classify classify.jsonl', 'draft draft.jsonl'],
    ],
    ['of the steps that are named', ['draft'], [], ['draft draft.jsonl']],
    [
      'or files that say which step they are for',
      [],
      ['my/extract.may.jsonl.gz'],
      ['extract my/extract.may.jsonl.gz'],
    ],
    ['or any file for the one step that is named', ['extract'], ['may.jsonl'], ['extract may.jsonl']],
    ['or several of a step', ['extract'], ['a.jsonl', 'b.jsonl'], ['extract a.jsonl', 'extract b.jsonl']],
  ])('%s', async (_, steps, sets, want) => {
    expect(await found(steps, sets)).toEqual(want);
  });

  it.each([
    ['a step that is none', ['translate'], [], 'rejected', '--step translate'],
    ['a file of no step', [], ['may.jsonl'], 'rejected', 'may.jsonl'],
    [
      'a file that could be of either of two steps',
      ['draft', 'polish'],
      ['may.jsonl'],
      'rejected',
      'may.jsonl',
    ],
    [
      'a file of another step than the two that are named',
      ['draft', 'classify'],
      ['draft.may.jsonl', 'classify.may.jsonl', 'polish.may.jsonl'],
      'rejected',
      'polish.may.jsonl',
    ],
    ['a step without a set', ['sentiment'], [], 'missing', 'eval/sentiment.jsonl'],
  ])('%s is refused', async (_, steps, sets, code, where) => {
    await expect(found(steps, sets)).rejects.toMatchObject({ code, problems: [{ where }] });
  });
});

it('are refused where one holds the same as another, which would count its rows twice', () => {
  expect(() => refuseTwice(['a', 'b', 'copy of a', 'b'], ['1', '2', '1', '2'])).toThrow(
    expect.objectContaining({
      code: 'rejected',
      problems: [
        { where: 'copy of a', message: 'holds the same as a: its rows would count twice' },
        { where: 'b', message: 'holds the same as b: its rows would count twice' },
      ],
    }),
  );
  expect(() => refuseTwice(['a', 'b'], ['1', '2'])).not.toThrow();
});
