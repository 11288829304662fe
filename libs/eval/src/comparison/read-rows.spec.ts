import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadPack } from '@spillway/pack/load';
import { afterAll, describe, expect, it } from 'vitest';
import { readRows } from './read-rows.js';

const pack = await loadPack('deploy/packs/support');
const folder = mkdtempSync(join(tmpdir(), 'spillway-rows-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, rows: readonly object[]): string {
  const path = join(folder, name);
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
}

const row = (id: string, text: string, label: string, more: object = {}) => ({ id, text, label, ...more });

describe('rows that repeat a text', () => {
  it.each<[string, readonly (readonly object[])[], readonly string[], object]>([
    [
      'are one row, the first, in another case and punctuation too',
      [
        [
          row('a', 'Where is it?', 'exchange'),
          row('b', 'where is it', 'exchange'),
          row('c', 'x', 'exchange'),
        ],
      ],
      ['a', 'c'],
      { rows: 1, otherLabel: 0 },
    ],
    [
      'are one row whatever their label, and are told of',
      [[row('a', 'x', 'exchange'), row('b', 'x', 'complaint'), row('c', 'x', 'exchange')]],
      ['a'],
      { rows: 2, otherLabel: 1 },
    ],
    [
      'are one row over several files',
      [[row('a', 'x', 'exchange')], [row('b', 'x', 'exchange'), row('c', 'y', 'exchange')]],
      ['a', 'c'],
      { rows: 1, otherLabel: 0 },
    ],
    [
      'are not those of one conversation',
      [
        [
          row('a', 'x', 'exchange', { conversation_id: 'c1' }),
          row('b', 'y', 'exchange', { conversation_id: 'c1' }),
        ],
      ],
      ['a', 'b'],
      { rows: 0, otherLabel: 0 },
    ],
  ])('%s', async (_, files, kept, repeated) => {
    const paths = files.map((rows, at) => file(`classify.${at}.jsonl`, rows));
    const read = await readRows('classify', paths, { pack, embedded: false });
    expect(read.read.rows.map(({ id }) => id)).toEqual(kept);
    expect(read).toMatchObject({ counts: files.map(({ length }) => length), leftOut: 0, repeated });
  });

  it('are counted apart from those that an embedded model was trained on', async () => {
    const known = pack.intents[0]?.examples[0]?.text ?? '';
    const rows = [
      row('a', known, 'exchange'),
      row('b', known, 'exchange'),
      row('c', 'x', 'exchange'),
      row('d', 'X', 'exchange'),
    ];
    const read = await readRows('classify', [file('classify.known.jsonl', rows)], { pack, embedded: true });
    expect(read).toMatchObject({ leftOut: 2, repeated: { rows: 1, otherLabel: 0 } });
  });

  it.each([
    [
      'draft',
      [
        { id: 'a', text: 'x' },
        { id: 'b', text: 'X' },
      ],
      ['a'],
    ],
    [
      'polish',
      [
        { id: 'a', text: 'x', draft: 'one' },
        { id: 'b', text: 'x', draft: 'two' },
        { id: 'c', text: 'x', draft: 'one' },
      ],
      ['a', 'b'],
    ],
  ] as const)('are one reply to %s, if to the same draft', async (step, rows, kept) => {
    const checked = rows.map((each) => ({ ...each, must_mention: ['x'] }));
    const { read } = await readRows(step, [file(`${step}.jsonl`, checked)], { pack, embedded: false });
    expect(read.rows.map(({ id }) => id)).toEqual(kept);
  });
});
