import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openEmbeddedLedger } from '@spillway/store/embedded-ledger';
import { audit, decision, detail, received, step } from '@spillway/store/testing/ledger-history';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { spillway, startServer, takeTrained } from '../server.js';

let folder: string;
let pack: string;
let here: Record<string, string>;
const fingerprint = 'small-8b|-';
const received_at = Date.UTC(2026, 8, 5);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-monthly-'));
  pack = join(folder, 'pack');
  cpSync(fileURLToPath(new URL('../../../deploy/packs/support', import.meta.url)), pack, { recursive: true });
  here = { SPILLWAY_PACK: pack, SPILLWAY_DATA: join(folder, 'data') };
  takeTrained(join(folder, 'data'));
  const certificate =
    'certificate: { target: 0.05, delta: 0.05, label_source: agreement, rows: 900, accepted: 800, errors: 20, ' +
    `data: "sha256:0123456789abcdef", fingerprint: "${fingerprint}", certified_on: 2026-08-01 }`;
  const text = readFileSync(policyPath(), 'utf8').replace(
    'classify: { threshold: 0.7, hold_below: 0.5 }',
    `classify: { threshold: 0.7, hold_below: 0.5, ${certificate}, shadow: { rate: 0.5 } }`,
  );
  writeFileSync(policyPath(), text);
  const ledger = openEmbeddedLedger({ path: join(folder, 'data', 'ledger.db') });
  await ledger.apply(
    Array.from({ length: 400 }, (_, at) => {
      const wrong = at % 4 === 0;
      return [
        received(`m${at}`, { receivedAtMs: received_at + at, text: `where is parcel ${at}?` }),
        step(`m${at}`, 'classify', 'small', { detail: detail('classify', { confidence: 0.8, fingerprint }) }),
        decision(`m${at}`, 'classify', 'small', { confidence: 0.8 }),
        audit(`m${at}`, 'classify', {
          wrong,
          rate: 0.5,
          confidence: 0.8,
          fingerprint,
          auditedAtMs: received_at + at,
        }),
      ];
    }).flat(),
  );
  await ledger.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

const policyPath = () => join(pack, 'policy.yaml');
const policy = () => parse(readFileSync(policyPath(), 'utf8'));
const proposals = () => join(folder, 'data', 'proposals');

it('reads the ledger while a server writes it, which nobody else may write', async () => {
  // The review spends the rows that it looks at, which the pack remembers.
  const own = join(folder, 'tuned-pack');
  cpSync(pack, own, { recursive: true });
  const server = await startServer(here);
  try {
    const reviewed = await spillway(['review', '--month', '2026-09', '--json'], here);
    expect(reviewed.code).toBe(0);
    expect(JSON.parse(reviewed.stdout).tasks[0]).toMatchObject({ task: 'classify', now: { messages: 400 } });
    const tuned = await spillway(
      [
        'tune',
        '--from-ledger',
        '--label-source',
        'agreement',
        '--step',
        'classify',
        '--since',
        '2026-09-01',
        '--json',
      ],
      { ...here, SPILLWAY_PACK: own },
    );
    expect(tuned).toMatchObject({ code: 4, stderr: '' });
    expect(JSON.parse(tuned.stdout).steps[0].certification).toMatchObject({ verdict: 'do_not_route' });
    expect(await spillway(['start'], { ...here, SPILLWAY_PORT: '0' })).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('in use by another process'),
    });
  } finally {
    await server.remove();
  }
}, 120_000);

it('reviews the month, changes nothing before a person approves, and refuses what was tampered with', async () => {
  const before = policy();
  const out = join(folder, 'reports');
  const reviewed = await spillway(['review', '--month', '2026-09', '--out', out], here);
  expect(reviewed).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('## classify: escalate everything'),
    stderr: expect.stringContaining('Signed with the key whose public half is '),
  });
  expect(reviewed.stdout).toContain('+    threshold: 1');
  expect(readdirSync(out).sort()).toEqual(['review-2026-09.html', 'review-2026-09.md']);
  expect(policy()).toEqual(before);

  const [name = ''] = readdirSync(proposals());
  const proposal = join(proposals(), name);
  expect(await spillway(['review', '--approve', proposal], here)).toMatchObject({ code: 2 });
  const forged = join(folder, 'forged.json');
  writeFileSync(forged, readFileSync(proposal, 'utf8').replace('threshold: 1', 'threshold: 0'));
  expect(await spillway(['review', '--approve', forged, '--by', 'Ann'], here)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('changed after it was signed'),
  });
  expect(policy()).toEqual(before);

  expect(await spillway(['review', '--approve', proposal, '--by', 'Ann Lee'], here)).toMatchObject({
    code: 0,
  });
  const after = policy();
  expect(after).toMatchObject({ reviewed_by: 'Ann Lee', tasks: { classify: { threshold: 1 } } });
  expect(after.reviewed_on).toBe(new Date().toISOString().slice(0, 10));
  expect(after.version).not.toBe(before.version);
  expect(after.tasks.classify.certificate).toBeUndefined();
  const again = await spillway(['review', '--approve', proposal, '--by', 'Ann Lee'], here);
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('has changed since') });
}, 60_000);

it('of a month without traffic is a review too: its approval changes who and when', async () => {
  const before = policy();
  const { code, stdout } = await spillway(['review', '--month', '2026-07', '--json'], here);
  expect(code).toBe(0);
  const { proposal, tasks } = JSON.parse(stdout) as { proposal: string; tasks: { task: string }[] };
  expect(tasks.map(({ task }) => task)).toEqual(['classify', 'extract', 'sentiment', 'draft', 'polish']);
  expect(await spillway(['review', '--approve', proposal, '--by', 'Bob'], here)).toMatchObject({ code: 0 });
  expect(policy()).toEqual({ ...before, reviewed_by: 'Bob' });
}, 60_000);

it.each(['2026-13', '2199-01'])('refuses %s', async (month) => {
  expect(await spillway(['review', '--month', month], here)).toMatchObject({ code: 2 });
});
