import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { publicKeyText, readSigned, reviewKey, signProposal, writeSigned } from './signed-proposal.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-signed-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const proposal = {
  madeOn: '2026-12-01',
  reason: 'review of 2026-11',
  changes: [{ file: 'policy.yaml', before: 'threshold: 0.8\n', after: 'threshold: 0.7\n' }],
};

async function signed() {
  const key = await reviewKey(join(folder, 'data', 'review-key.pem'));
  const path = await writeSigned(folder, 'review-2026-11', signProposal(proposal, key));
  return { path, trusted: publicKeyText(key) };
}

it('makes its key once, for its owner alone', async () => {
  const path = join(folder, 'data', 'review-key.pem');
  const both = await Promise.all([reviewKey(path), reviewKey(path)]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(publicKeyText(both[0])).toBe(publicKeyText(both[1]));
});

it.each([
  ['no key', 'x'],
  ['nothing', ''],
])('a file that holds %s is no key', async (_, text) => {
  const path = join(folder, 'key.pem');
  writeFileSync(path, text);
  await expect(reviewKey(path)).rejects.toMatchObject({ code: 'misconfigured' });
});

it('is read as it was signed, however it is indented', async () => {
  const { path, trusted } = await signed();
  expect(await readSigned(path, trusted)).toEqual(proposal);
  writeFileSync(path, JSON.stringify(JSON.parse(readFileSync(path, 'utf8'))));
  expect(await readSigned(path, trusted)).toEqual(proposal);
});

it.each([
  ['the threshold', '0.7', '0.1', 'rejected'],
  ['what it starts from', '0.8', '0.9', 'rejected'],
  ['the reason', 'review of', 'nothing of', 'rejected'],
  ['the day', '2026-12-01', '2026-12-02', 'rejected'],
  ['the base', '"base": "sha256:', '"base": "sha256:0', 'rejected'],
  ['the signature', '"signature": "', '"signature": "AAAA', 'rejected'],
  ['the file', 'policy.yaml', 'models.yaml', 'malformed'],
  ['a field more', '"base"', '"extra": 1, "base"', 'malformed'],
])('changed in %s it is refused', async (_, before, after, code) => {
  const { path, trusted } = await signed();
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(before);
  writeFileSync(path, text.replace(before, after));
  await expect(readSigned(path, trusted)).rejects.toMatchObject({ code });
});

it('of another key it is refused', async () => {
  const { path } = await signed();
  const other = publicKeyText(await reviewKey(join(folder, 'other.pem')));
  await expect(readSigned(path, other)).rejects.toMatchObject({
    code: 'rejected',
    problems: [{ where: 'publicKey' }],
  });
});

it('that is not there is missing', async () => {
  await expect(readSigned(join(folder, 'none.json'), 'key')).rejects.toMatchObject({ code: 'missing' });
});
