import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Mood } from '@spillway/contracts/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readReplies } from './reply-rows.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-replies-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, lines: readonly unknown[]): string {
  const path = join(folder, name);
  writeFileSync(path, lines.map((line) => JSON.stringify(line)).join('\n'));
  return path;
}

describe('messages with a checklist', () => {
  it('give the step what production would give it', async () => {
    const line = {
      id: 'd1',
      text: 'Where is FF-204518?',
      locale: 'en',
      intent: 'order_status',
      mood: 'negative',
      fields: { order_number: 'FF-204518' },
      must_mention: ['FF-204518'],
      must_not_mention: ['refund'],
      language: 'en',
      max_words: 130,
      preferred: { better: 'We look.', worse: 'No.' },
    };
    const [row] = await readReplies(file('draft.jsonl', [line]), 'draft');
    expect(row).toMatchObject({
      id: 'd1',
      checklist: {
        mustMention: ['FF-204518'],
        mustNotMention: ['refund'],
        language: 'en',
        maxWords: 130,
      },
      preferred: { better: 'We look.', worse: 'No.' },
      input: {
        text: line.text,
        classification: { label: 'order_status' },
        sentiment: { mood: Mood.NEGATIVE },
        extraction: { fields: [{ name: 'order_number', value: 'FF-204518' }] },
      },
    });
  });

  it('have the draft that the last pass works on', async () => {
    const path = file('polish.jsonl', [{ id: 1, text: 'Hello', draft: 'We look into it.' }]);
    expect((await readReplies(path, 'polish'))[0]?.input.draft?.text).toBe('We look into it.');
  });

  it.each([
    ['a misspelt check, which would check nothing', 'draft', { must_menton: ['x'] }, 'must_menton'],
    ['a language that is none', 'draft', { language: 'English' }, 'language'],
    ['no draft to polish', 'polish', {}, 'draft'],
    ['no number of words', 'draft', { max_words: 'few' }, 'max_words'],
  ] as const)('are refused for %s', async (name, step, slip, named) => {
    const path = file(`${name.length}.jsonl`, [{ id: 'a', text: 'secret words', ...slip }]);
    const refused = readReplies(path, step);
    await expect(refused).rejects.toMatchObject({
      code: 'malformed',
      problems: [{ where: `${path}:1`, message: expect.stringContaining(named) }],
    });
    await expect(refused).rejects.not.toThrow(/secret/);
  });

  it('are refused for an intent and a field that the pack does not have', async () => {
    const row = { id: 'a', text: 'x', intent: 'refund', fields: { colour: 'red' } };
    const path = file('unknown.jsonl', [row, { ...row, id: 'b' }]);
    await expect(readReplies(path, 'draft', { intents: [], fields: [] })).rejects.toMatchObject({
      problems: [
        { where: `${path}:1`, message: 'no intent is labelled "refund" (also in line 2)' },
        { where: `${path}:1`, message: 'no field is called "colour" (also in line 2)' },
      ],
    });
    expect(await readReplies(path, 'draft')).toHaveLength(2);
  });
});
