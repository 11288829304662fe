import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { requireDataFolder, requireOutFolder } from './writable-folder.js';

const folder = mkdtempSync(join(tmpdir(), 'spillway-data-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'file'), '');

it('leaves nothing in a folder that it makes', async () => {
  await requireDataFolder(join(folder, 'new', 'data'));
  expect(readdirSync(join(folder, 'new', 'data'))).toEqual([]);
});

it.each([
  ['is a file', join(folder, 'file'), 'ENOTDIR'],
  ['lies in a file', join(folder, 'file', 'data'), 'ENOTDIR'],
  ['can never be made', '/proc/x', 'ENOENT'],
  ['lies in one that can never be made', '/proc/x/y', 'ENOENT'],
  ['takes nothing', '/proc', 'ENOENT'],
])('a folder that %s is refused with the path and the reason of the system', async (_, path, reason) => {
  if (path.startsWith('/proc') && !existsSync('/proc/self')) return;
  const message = expect.stringContaining(reason);
  const what = `${path} cannot be written to`;
  await expect(requireDataFolder(path)).rejects.toMatchObject({
    code: 'misconfigured',
    message: what,
    problems: [{ where: 'SPILLWAY_DATA', message }],
  });
  await expect(requireOutFolder(path)).rejects.toMatchObject({
    code: 'rejected',
    message: what,
    problems: [{ where: '--out', message }],
  });
});
