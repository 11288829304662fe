import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Fault } from '@spillway/contracts/fault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLabelled } from './dataset.js';
import { allRead } from './json-lines.js';

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

const known = {
  intents: [{ label: 'order_status', queue: 'all', description: '', examples: [] }],
  fields: [],
};

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
    ['a label', 'classify', { label: 'order_statsu' }, 'no intent is labelled "order_statsu"'],
    ['a label, nearly', 'classify', { label: 'order_sttus' }, 'did you mean "order_status"?'],
    ['a field', 'extract', { fields: { colour: 'red' } }, 'no field is called "colour"'],
    [
      'what is no label',
      'classify',
      { label: 'x'.repeat(65) },
      'no intent is labelled a text of 65 characters',
    ],
  ] as const)('are refused where the pack does not have %s', async (_, step, said, message) => {
    const path = file(`${step}.unknown.jsonl`, [{ text: 'x', ...said }]);
    const refused = readLabelled(path, step, known);
    await expect(refused).rejects.toMatchObject({
      code: 'malformed',
      problems: [{ where: `${path}:1`, message: expect.stringContaining(message) }],
    });
    expect(await readLabelled(path, step)).toHaveLength(1);
  });

  it('name every label that the pack does not have once, with all of its lines, beside lines that are none', async () => {
    const labels = ['refund', 'order_status', 'refund', 'Card arrival', 'refund'];
    const path = file('other-names.jsonl', [
      ...labels.map((label) => ({ text: 'secret words', label })),
      'secret {',
    ]);
    await expect(readLabelled(path, 'classify', known)).rejects.toMatchObject({
      problems: [
        { where: `${path}:6`, message: expect.stringContaining('JSON') },
        { where: `${path}:1`, message: 'no intent is labelled "refund" (also in lines 3, 5)' },
        { where: `${path}:4`, message: 'no intent is labelled "Card arrival"' },
      ],
    });
  });

  it('name them all, however many, and of each the first lines', async () => {
    const rows = Array.from({ length: 100 }, (_, at) => ({ text: 'x', label: `unheard ${at % 50}` }));
    const many = file('many.jsonl', [...rows, ...Array(30).fill({ text: 'x', label: 'unheard 0' })]);
    const fault = await readLabelled(many, 'classify', known).catch((error: unknown) => error);
    const { problems } = Fault.from(fault);
    expect(problems).toHaveLength(50);
    expect(problems[0]?.message).toMatch(
      /^no intent is labelled "unheard 0" \(also in lines 51, 101, .*, 119 and 11 more\)$/,
    );
  });

  it('name every line that does not fit: of twenty what is wrong, of the others the numbers', async () => {
    const bad = file('bad.jsonl', Array(23).fill('{').concat({ text: 'x', label: 'order_status' }, '{'));
    const fault = await readLabelled(bad, 'classify', known).catch((error: unknown) => error);
    const { problems } = Fault.from(fault);
    expect(problems).toHaveLength(21);
    expect(problems[19]).toMatchObject({ where: `${bad}:20`, message: expect.stringContaining('JSON') });
    expect(problems[20]).toEqual({
      where: `${bad}:21`,
      message: 'these 4 lines do not fit either: 21, 22, 23, 25',
    });
    const other = file('other-form.jsonl', Array(1_000).fill('{'));
    const long = await readLabelled(other, 'classify').catch((error: unknown) => error);
    expect(Fault.from(long).problems.at(-1)?.message).toMatch(/^these 980 lines .* 520 and 480 more$/);
  });

  it('are read from a file that begins with a byte order mark', async () => {
    const path = file('mark.jsonl', ['\uFEFF{"text": "x", "label": "order_status"}']);
    expect(await readLabelled(path, 'classify', known)).toHaveLength(1);
  });

  it('of several files name what is wrong in each of them', async () => {
    const [one, other] = ['refund', 'return'].map((label) => file(`${label}.jsonl`, [{ text: 'x', label }]));
    const none = join(folder, 'none.jsonl');
    const reading = (paths: readonly (string | undefined)[]) =>
      allRead(paths.map((path = '') => readLabelled(path, 'classify', known)));
    await expect(reading([one, other])).rejects.toMatchObject({
      code: 'malformed',
      problems: [{ where: `${one}:1` }, { where: `${other}:1` }],
    });
    await expect(reading([one, none])).rejects.toMatchObject({ code: 'missing' });
  });

  it('that are none of the company’s business have a label in every pack', async () => {
    const path = file('outside.jsonl', [{ text: 'x', label: 'out_of_scope' }]);
    expect(await readLabelled(path, 'classify', known)).toHaveLength(1);
  });

  it('that are not there are missing', async () => {
    await expect(readLabelled(join(folder, 'none.jsonl'), 'classify')).rejects.toMatchObject({
      code: 'missing',
    });
  });
});
