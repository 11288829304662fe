import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, it } from 'vitest';
import { fileLines, openFile } from './file-lines.js';

const folder = mkdtempSync(join(tmpdir(), 'spillway-lines-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function linesOf(path: string): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of fileLines(path)) lines.push(line);
  return lines;
}

const text = 'one\u2028still one\ntwo ü\n';
const lines = ['one\u2028still one', 'two ü', ''];

it.each<[string, string, string | Uint8Array, readonly string[]]>([
  ['plain', 'plain.jsonl', text, lines],
  ['gzip', 'zipped.jsonl.gz', gzipSync(text), lines],
  ['gzip whose name does not say so', 'zipped.jsonl', gzipSync(text), lines],
  ['plain whose name says gzip', 'plain.jsonl.gz', text, lines],
  [
    'gzip in two parts, as a log that is added to',
    'parts.log',
    Buffer.concat([gzipSync('a\n'), gzipSync('b')]),
    ['a', 'b'],
  ],
  ['empty', 'empty.jsonl', '', ['']],
  ['a single byte, the first of gzip', 'byte.jsonl', Buffer.from([0x1f]), ['\u001f']],
])('a file that is %s is read by what it holds', async (_, name, content, wanted) => {
  expect(await linesOf(file(name, content))).toEqual(wanted);
});

it.each<[string, () => string, string]>([
  ['that is not there', () => join(folder, 'none'), 'missing'],
  ['that is a folder', () => folder, 'missing'],
  ['whose gzip was cut off', () => file('cut', gzipSync('x'.repeat(9_000)).subarray(0, 30)), 'malformed'],
])('a file %s is a fault', async (_, path, code) => {
  await expect(linesOf(path())).rejects.toMatchObject({ code });
});

it('is not opened once it is no longer wanted', async () => {
  const opening = openFile(file('wanted', text), { signal: AbortSignal.abort() });
  await expect(opening).rejects.toMatchObject({ code: 'cancelled' });
});
