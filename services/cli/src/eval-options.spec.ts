import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { requireFolders } from './eval-options.js';

const folder = mkdtempSync(join(tmpdir(), 'spillway-eval-options-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('refuses reports that could not be written once everything is paid for, all at once', async () => {
  const nowhere = join(folder, 'none', 'eval.xml');
  await expect(requireFolders({ report: folder, junit: nowhere })).rejects.toMatchObject({
    code: 'rejected',
    problems: [
      { where: `--report ${folder}`, message: 'is a folder: name the file in it' },
      { where: `--junit ${nowhere}`, message: 'its folder is not there or cannot be written to' },
    ],
  });
  await expect(requireFolders({ markdown: join(folder, 'eval.md') })).resolves.toBeUndefined();
});
