import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLabelled } from './dataset.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-dataset-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, lines: readonly unknown[]): string {
  const path = join(folder, name);
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
  return path;
}

describe('labelled messages', () => {
  it('are read with what the file knows of them', async () => {
    const path = file('classify.jsonl', [
      { id: 'c1', text: 'Where is it?', label: 'order_status', received_at: '2026-03-01', extra: 1 },
      '',
      { text: 'Hello\u2028there', subject: 'Hi', locale: 'en', label: 'other', conversation_id: 'k' },
    ]);
    expect(await readLabelled(path, 'classify')).toEqual([
      {
        id: 'c1',
        input: { text: 'Where is it?', subject: '', locale: '', receivedAtMs: Date.parse('2026-03-01') },
        label: 'order_status',
        receivedAt: '2026-03-01',
      },
      {
        id: '3',
        input: expect.objectContaining({ text: 'Hello\u2028there', subject: 'Hi', locale: 'en' }),
        label: 'other',
        conversationId: 'k',
      },
    ]);
  });

  it('have one value or several for a field, also in a packed file', async () => {
    const path = file('extract.jsonl.gz', [{ text: 'x', fields: { date: '2026-01-02', order: ['A', 'B'] } }]);
    const [row] = await readLabelled(path, 'extract');
    expect(row?.label).toEqual({ date: ['2026-01-02'], order: ['A', 'B'] });
  });

  it('are refused with every line that does not fit, and nothing of a text is repeated', async () => {
    const path = file('broken.jsonl', [
      { text: 'secret words', label: 'happy' },
      'secret {',
      { label: 'neutral' },
      { text: 'fine', label: 'neutral' },
    ]);
    const refused = readLabelled(path, 'sentiment');
    await expect(refused).rejects.toMatchObject({
      code: 'malformed',
      problems: [
        { where: `${path}:1`, message: expect.stringContaining('label') },
        { where: `${path}:2`, message: expect.stringContaining('JSON') },
        { where: `${path}:3`, message: expect.stringContaining('text') },
      ],
    });
    await expect(refused).rejects.not.toThrow(/secret/);
  });

  it.each([
    ['a label', 'classify', { label: 'order_statsu' }, 'label: is the label of no intent of the pack'],
    ['a field', 'extract', { fields: { colour: 'red' } }, 'fields: names a field that the pack has not'],
  ] as const)('are refused where the pack does not have %s', async (_, step, said, message) => {
    const path = file(`${step}.unknown.jsonl`, [{ text: 'x', ...said }]);
    const refused = readLabelled(path, step, { intents: [], fields: [] });
    await expect(refused).rejects.toMatchObject({ problems: [{ where: `${path}:1`, message }] });
    expect(await readLabelled(path, step)).toHaveLength(1);
  });

  it('that are none of the company’s business have a label in every pack', async () => {
    const path = file('outside.jsonl', [{ text: 'x', label: 'out_of_scope' }]);
    expect(await readLabelled(path, 'classify', { intents: [], fields: [] })).toHaveLength(1);
  });

  it('that are not there are missing', async () => {
    await expect(readLabelled(join(folder, 'none.jsonl'), 'classify')).rejects.toMatchObject({
      code: 'missing',
    });
  });
});
