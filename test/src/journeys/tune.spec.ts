import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';

const run = promisify(execFile);
/** The first run trains the embedded models. */
const TIMEOUT_MS = 120_000;
let folder: string;
let pack: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-tune-'));
  pack = join(folder, 'pack');
  cpSync('deploy/packs/support', pack, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

async function tune(args: readonly string[], from = pack) {
  const env = { ...process.env, SPILLWAY_PACK: from, SPILLWAY_DATA: join(folder, 'data') };
  try {
    const { stdout } = await run('node', ['services/cli/bin/spillway.js', 'tune', ...args], { env });
    return { code: 0, stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout: stdout + stderr };
  }
}

const policy = () => parse(readFileSync(join(pack, 'policy.yaml'), 'utf8'));

it(
  'certifies on the labels of the pack, proposes, and changes the policy only when that is applied',
  async () => {
    const before = policy();
    const page = join(folder, 'tune.html');
    const tuned = await tune(['--step', 'classify', '--report', page]);
    expect(tuned).toMatchObject({ code: 0, stdout: expect.stringContaining('+    certificate:') });
    expect(policy()).toEqual(before);
    expect(readFileSync(page, 'utf8')).toContain('<svg');
    const [proposal = ''] = readdirSync(join(folder, 'data', 'proposals'));
    expect(await tune(['--apply', join(folder, 'data', 'proposals', proposal)])).toMatchObject({ code: 0 });
    const { threshold, certificate } = policy().tasks.classify;
    expect(certificate).toMatchObject({ target: 0.05, delta: 0.05, label_source: 'truth', rows: 234 });
    expect(certificate.expected).toMatchObject({
      rows: expect.any(Number),
      below_threshold: expect.any(Number),
      out_of_scope: expect.any(Number),
    });
    expect(threshold).toBeGreaterThan(0.5);
  },
  TIMEOUT_MS,
);

it(
  'proposes thresholds of a joint promise, which the pack takes, and never calls them certified',
  async () => {
    const joint = join(folder, 'joint');
    cpSync('deploy/packs/support', joint, { recursive: true });
    const tuned = await tune(['--step', 'sentiment', '--mode', 'joint'], joint);
    expect(tuned.code).toBe(0);
    expect(tuned.stdout).toContain(
      'at most 5 % of all messages have a result that is kept and is wrong by people’s labels',
    );
    expect(tuned.stdout).not.toMatch(/errs at most|verdict +certified/);
    expect(tuned.stdout).toMatch(/saves +\$0\.\d+ on 1,000 messages \(\d+(\.\d)? %\); a projection/);
    const made = readdirSync(join(folder, 'data', 'proposals')).map((name) =>
      join(folder, 'data', 'proposals', name),
    );
    const proposal = made.find((path) => readFileSync(path, 'utf8').includes('held in expectation')) ?? '';
    expect(readFileSync(proposal, 'utf8')).toMatch(/they save \$0\.\d+ on 1,000 messages/);
    expect(await tune(['--apply', proposal], joint)).toMatchObject({ code: 0 });
    const { certificate } = parse(readFileSync(join(joint, 'policy.yaml'), 'utf8')).tasks.sentiment;
    expect(certificate).toMatchObject({ mode: 'joint', target: 0.05, rows: 152 });
    expect(certificate).not.toHaveProperty('delta');
    expect(await tune(['--mode', 'joint', '--delta', '0.1'], joint)).toMatchObject({ code: 2 });
  },
  TIMEOUT_MS,
);

it(
  'gives the same certificate again, refuses another target on the same rows, and is a gate',
  async () => {
    const again = await tune(['--step', 'classify', '--json']);
    expect(again.code).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({
      proposal: null,
      steps: [{ certification: { rows: 234 } }],
    });
    const other = await tune(['--step', 'classify', '--target', '0.1']);
    expect(other).toMatchObject({ code: 2, stdout: expect.stringContaining('Label fresh rows') });
    expect(await tune(['--step', 'extract'])).toMatchObject({ code: 4 });
    expect(await tune(['--step', 'classify', '--target', '5'])).toMatchObject({ code: 2 });
  },
  TIMEOUT_MS,
);
