import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { makeFolder } from './folder.js';

const folder = mkdtempSync(join(tmpdir(), 'spillway-folder-'));
afterAll(() => rmSync(folder, { recursive: true }));

it.each([
  ['a new one', 'a'],
  ['one that is there', 'a'],
  ['one with its parents', 'b/c/d'],
])('makes %s', (_, path) => {
  makeFolder(join(folder, path));
  expect(statSync(join(folder, path)).isDirectory()).toBe(true);
});

it('ends where a folder takes none', ({ skip }) => {
  skip(!existsSync('/proc/self'), 'there is no /proc here');
  expect(() => makeFolder('/proc/x')).toThrow(/ENOENT.*\/proc\/x/);
  expect(() => makeFolder('/proc/x/y/z')).toThrow(/ENOENT.*\/proc\/x'/);
});

it('ends where a file is in the way', () => {
  writeFileSync(join(folder, 'file'), '');
  expect(() => makeFolder(join(folder, 'file', 'a'))).toThrow('ENOTDIR');
});
