import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { applyProposal, changeOf, readProposal, writeProposal } from './proposal.js';

let folder: string;
let pack: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-proposal-'));
  pack = join(folder, 'pack');
  cpSync('deploy/packs/support', pack, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

const policyOf = () => readFileSync(join(pack, 'policy.yaml'), 'utf8');

async function proposed(after: string): Promise<string> {
  const changes = [await changeOf(pack, 'policy.yaml', after)];
  return writeProposal(join(folder, 'proposals'), { madeOn: '2026-11-24', reason: 'because', changes });
}

it('changes nothing until it is applied', async () => {
  const before = policyOf();
  const after = before.replace('threshold: 0.7,', 'threshold: 0.75,');
  const path = await proposed(after);
  expect(policyOf()).toBe(before);
  await applyProposal(pack, await readProposal(path));
  expect(policyOf()).toBe(after);
});

it('is refused once the pack has changed', async () => {
  const path = await proposed(policyOf().replace('threshold: 0.7,', 'threshold: 0.75,'));
  writeFileSync(join(pack, 'policy.yaml'), `${policyOf()}# by hand\n`);
  await expect(applyProposal(pack, await readProposal(path))).rejects.toMatchObject({
    code: 'conflict',
    problems: [{ where: 'policy.yaml' }],
  });
  expect(policyOf()).toContain('# by hand');
});

it('is taken back where the pack would not be valid', async () => {
  const before = policyOf();
  const changes = [
    await changeOf(pack, 'confidence/classify.json', '{}'),
    await changeOf(pack, 'policy.yaml', before.replace('threshold: 0.7,', 'threshold: 7,')),
  ];
  await expect(applyProposal(pack, { madeOn: '2026-11-24', reason: '', changes })).rejects.toMatchObject({
    code: 'misconfigured',
  });
  expect(policyOf()).toBe(before);
  expect(existsSync(join(pack, 'confidence/classify.json'))).toBe(false);
});

it.each([
  ['no JSON', 'x', 'malformed'],
  [
    'a file outside the pack',
    '{"madeOn":"d","reason":"r","changes":[{"file":"../x","before":null,"after":""}]}',
    'malformed',
  ],
  ['nothing to change', '{"madeOn":"d","reason":"r","changes":[]}', 'malformed'],
])('refuses %s', async (_, text, code) => {
  const path = join(folder, 'bad.json');
  writeFileSync(path, text);
  await expect(readProposal(path)).rejects.toMatchObject({ code });
});

it('that is not there is missing', async () => {
  await expect(readProposal(join(folder, 'none.json'))).rejects.toMatchObject({ code: 'missing' });
});
