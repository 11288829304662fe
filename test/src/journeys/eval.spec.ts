import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ModelServer, startModelServer } from '@spillway/models/testing/model-server';
import { openEmbeddedBudget } from '@spillway/store/embedded-budget';
import { DOMParser } from '@xmldom/xmldom';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bin, keepTrained, takeTrained } from '../server.js';

/** The first run trains the embedded models. */
const TIMEOUT_MS = 120_000;
let folder: string;
let pack: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-eval-'));
  pack = join(folder, 'pack');
  cpSync('deploy/packs/support', pack, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run of the command, as a user starts it; `kill` is kill -9. */
function start(data: string, environment: Readonly<Record<string, string>>, args: readonly string[]) {
  takeTrained(data);
  const env = { ...process.env, SPILLWAY_PACK: pack, SPILLWAY_DATA: data, ...environment };
  const child = spawn('node', [bin, 'eval', ...args], { env });
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    text.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    text.stderr += chunk;
  });
  const ended = once(child, 'close').then(([code]): Ended => {
    keepTrained(data);
    return { code: code as number | null, ...text };
  });
  return { ended, kill: () => child.kill('SIGKILL'), interrupt: () => child.kill('SIGINT') };
}

const evaluate = (args: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
  start(join(folder, 'data'), environment, args).ended;

/** Throws for what is not well-formed. */
const xmlOf = (path: string) =>
  new DOMParser({
    onError: (_, message) => {
      throw new Error(message);
    },
  }).parseFromString(readFileSync(path, 'utf8'), 'text/xml');

describe('over the example pack with embedded models', () => {
  it(
    'every step is compared, in a table and in three reports that repeat no customer',
    async () => {
      const at = (name: string) => join(folder, name);
      const reports = ['--report', at('r.html'), '--markdown', at('r.md'), '--junit', at('r.xml')];
      const { code, stdout, stderr } = await evaluate(reports);
      expect([code, stderr]).toEqual([0, expect.stringContaining('No endpoint was called')]);
      for (const line of ['floor', 'ceiling', 'cascade', 'random', 'oracle']) {
        expect(stdout.match(new RegExp(`^ +${line}: `, 'gm'))).toHaveLength(5);
      }
      expect(stdout).toContain('no loss above 2 points with 95 % confidence on 234 messages');
      expect(stdout).toMatch(/234 rows of eval\/classify\.jsonl \(sha256 [0-9a-f]{12}, 234 rows\)/);
      expect(stdout).toContain('no language models and cost nothing');
      const cases = [...xmlOf(at('r.xml')).getElementsByTagName('testcase')];
      expect(cases.map((each) => each.getAttribute('name'))).toEqual([
        'classify',
        'extract',
        'sentiment',
        'draft',
        'polish',
      ]);
      const page = readFileSync(at('r.html'), 'utf8');
      expect(page.match(/<svg/g)).toHaveLength(12);
      expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
      const said = [stdout, page, readFileSync(at('r.md'), 'utf8'), readFileSync(at('r.xml'), 'utf8')];
      const texts = readFileSync(join(pack, 'eval/classify.jsonl'), 'utf8').trim().split('\n');
      for (const line of texts) {
        for (const report of said) expect(report).not.toContain(JSON.parse(line).text);
      }
    },
    TIMEOUT_MS,
  );

  it(
    'runs while a server holds the budget, which it does not need',
    async () => {
      const cap = { per: 'day', nanos: 1n } as const;
      const budget = openEmbeddedBudget({ path: join(folder, 'data', 'budget.db'), caps: [cap] });
      try {
        const { code, stdout } = await evaluate(['--step', 'polish']);
        expect([code, stdout]).toEqual([0, expect.stringContaining('cascade: ')]);
      } finally {
        await budget.close();
      }
    },
    TIMEOUT_MS,
  );

  it.each([
    [
      'a label that no intent has',
      '{"text":"x","label":"order_statsu"}',
      [],
      ':1: no intent is labelled "order_statsu"; did you mean "order_status"?',
    ],
    [
      'a report in a folder that is not there',
      '{"text":"x","label":"exchange"}',
      ['--report', '/nowhere/r.html'],
      '--report /nowhere/r.html: its folder is not there',
    ],
  ])('ends with 2 for %s', async (_, line, args, words) => {
    const set = join(folder, 'classify.used-wrongly.jsonl');
    writeFileSync(set, line);
    const { code, stdout, stderr } = await evaluate(['--set', set, ...args]);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(words)]);
  });

  it(
    'a step under its floor ends with 4, and its test fails',
    async () => {
      const set = join(folder, 'classify.wrong.jsonl');
      const rows = readFileSync(join(pack, 'eval/classify.jsonl'), 'utf8').trim().split('\n').slice(0, 20);
      const wrong = rows.map((line) => JSON.stringify({ ...JSON.parse(line), label: 'complaint' }));
      writeFileSync(set, wrong.join('\n'));
      const junit = join(folder, 'wrong.xml');
      const { code, stdout } = await evaluate(['--set', set, '--junit', junit, '--json']);
      expect(code).toBe(4);
      expect(JSON.parse(stdout)).toMatchObject({
        schema_version: 1,
        steps: [{ step: 'classify', rows: 20, under_floor: true }],
      });
      const [failure] = xmlOf(junit).getElementsByTagName('failure');
      expect(failure?.getAttribute('message')).toMatch(/^Under the floor: the small model has \d+/);
    },
    TIMEOUT_MS,
  );

  it(
    'a text that stands in a set twice is one row, and the report says so',
    async () => {
      const set = join(folder, 'classify.twice.jsonl');
      const rows = readFileSync(join(pack, 'eval/classify.jsonl'), 'utf8').trim().split('\n').slice(0, 20);
      writeFileSync(set, [...rows, ...rows].join('\n'));
      const markdown = join(folder, 'twice.md');
      const { stdout } = await evaluate(['--set', set, '--markdown', markdown, '--json']);
      const [step] = (JSON.parse(stdout) as { steps: { rows: number; repeated: { rows: number } }[] }).steps;
      expect(step).toMatchObject({ rows: 20, repeated: { rows: 20 } });
      expect(readFileSync(markdown, 'utf8')).toContain('20 rows that repeat an earlier text are left out');
    },
    TIMEOUT_MS,
  );

  it.each([
    ['a bad line of a set, by file and line', { line: '{"text": "x"}' }, 'classify.bad.jsonl:1: label'],
    ['a set of no step', { name: 'mine.jsonl' }, '--step'],
    ['a model that is none', { args: ['--models', 'embedded-small,gpt-9'] }, 'gpt-9'],
    ['one model', { args: ['--models', 'embedded-small'] }, '--models'],
    ['a step that is none', { args: ['--step', 'translate'] }, 'translate'],
    [
      'a judge that is no language model',
      { args: ['--step', 'draft', '--judge', 'embedded-big'] },
      'compares no replies',
    ],
  ] as const)(
    '%s is named',
    async (_, wrong: { line?: string; name?: string; args?: readonly string[] }, named) => {
      const set = join(folder, wrong.name ?? 'classify.bad.jsonl');
      writeFileSync(set, wrong.line ?? '{"text": "x", "label": "complaint"}');
      const { code, stderr } = await evaluate(wrong.args ?? ['--set', set]);
      expect(code).not.toBe(0);
      expect(stderr).toContain(named);
    },
    TIMEOUT_MS,
  );
});

describe('against two endpoints', () => {
  let small: ModelServer;
  let big: ModelServer;
  let set: string;
  let few: string;
  let onCall: (count: number) => void;

  beforeEach(async () => {
    let count = 0;
    onCall = () => undefined;
    const counted = () => {
      count += 1;
      onCall(count);
    };
    [small, big] = [await startModelServer({ onCall: counted }), await startModelServer({ onCall: counted })];
    set = join(folder, 'classify.some.jsonl');
    const rows = readFileSync(join(pack, 'eval/classify.jsonl'), 'utf8').trim().split('\n');
    writeFileSync(set, rows.slice(0, 60).join('\n'));
    few = join(folder, 'classify.few.jsonl');
    writeFileSync(few, rows.slice(0, 6).join('\n'));
  });
  afterEach(async () => {
    await small.close();
    await big.close();
  });

  /** Models that the pack has a price for. */
  const environment = () => ({
    SMALL_BASE_URL: small.baseUrl,
    SMALL_MODEL: 'meta-llama/Llama-3.1-8B-Instruct',
    BIG_BASE_URL: big.baseUrl,
    BIG_MODEL: 'gpt-4o',
  });
  /** Ids of the calls that arrived after so many at the small and the big endpoint. */
  const keysSince = ([ofSmall, ofBig]: readonly [number, number]): string[] =>
    [...small.calls.slice(ofSmall), ...big.calls.slice(ofBig)].map(({ idempotencyKey = '' }) =>
      decodeURI(idempotencyKey),
    );
  const fresh = () => mkdtempSync(join(folder, 'data-'));
  const recordedIn = (data: string): string[] => {
    const path = join(data, 'answers', 'classify.jsonl');
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
    return lines.map((line) => JSON.parse(line)[0]);
  };

  it(
    'nothing is asked before the cost is agreed to',
    async () => {
      const refused = await start(fresh(), environment(), ['--set', set]).ended;
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--max-cost-usd') });
      expect(keysSince([0, 0])).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'a run that is killed half way goes on, and asks for nothing again that was recorded',
    async () => {
      const data = fresh();
      const first = start(data, environment(), ['--set', set, '--concurrency', '4', '--yes']);
      onCall = (count) => {
        if (count === 90) first.kill();
      };
      await first.ended;
      const recorded = recordedIn(data);
      const before = [small.calls.length, big.calls.length] as const;
      expect(recorded.length).toBeGreaterThan(60);
      expect(recorded.length).toBeLessThan(120);
      const second = await start(data, environment(), ['--set', set, '--yes']).ended;
      expect(keysSince(before).filter((key) => recorded.includes(key))).toEqual([]);
      expect(keysSince(before)).toHaveLength(120 - recorded.length);
      expect(second.code).not.toBe(1);
      expect(second.stderr).toContain(`Served from the cache: ${recorded.length} of 120 calls`);
      const third = await start(data, environment(), ['--set', set]).ended;
      expect(third.stderr).toContain('Served from the cache: 120 of 120 calls; paid for the others: $0.');
      expect(third.stdout).toBe(second.stdout);
      expect(keysSince(before)).toHaveLength(120 - recorded.length);
    },
    TIMEOUT_MS,
  );

  it(
    'Ctrl-C stops cleanly',
    async () => {
      const data = fresh();
      const running = start(data, environment(), ['--set', set, '--concurrency', '2', '--yes']);
      onCall = (count) => {
        if (count === 20) running.interrupt();
      };
      expect(await running.ended).toMatchObject({
        code: 130,
        stderr: expect.stringContaining('goes on from there'),
      });
      expect(recordedIn(data).length).toBeGreaterThan(10);
    },
    TIMEOUT_MS,
  );

  it(
    'repeated answers are each asked for once',
    async () => {
      const data = fresh();
      const args = ['--set', few, '--repeat', '2', '--yes'];
      const { stdout } = await start(data, environment(), args).ended;
      expect([small.calls.length, big.calls.length]).toEqual([12, 12]);
      expect(stdout).toContain('over 2 runs');
      const again = await start(data, environment(), args).ended;
      expect(again.stderr).toContain('Served from the cache: 24 of 24 calls');
      expect(keysSince([12, 12])).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'an endpoint that gives no answers leaves nothing to compare',
    async () => {
      big.always(() => ({ kind: 'status', status: 429, headers: { 'retry-after-ms': '1' } }));
      const lost = await start(fresh(), environment(), ['--set', few, '--yes']).ended;
      expect(lost).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('throttled') });
    },
    TIMEOUT_MS,
  );

  it(
    'replies are judged in both orders, and the judge is held against people',
    async () => {
      const names = readFileSync(join(pack, 'models.yaml'), 'utf8')
        .replace('http://127.0.0.1:8000/v1', small.baseUrl)
        .replace('https://api.openai.com/v1', big.baseUrl);
      writeFileSync(join(pack, 'models.yaml'), names);
      const secrets = { SMALL_API_KEY: 'small', BIG_API_KEY: 'big' };
      const args = ['--step', 'draft', '--models', 'embedded-small,small-8b', '--judge', 'frontier', '--yes'];
      const { stdout, stderr } = await start(fresh(), secrets, args).ended;
      expect(stderr).toContain('draft judge');
      expect(stdout).toContain('Judge frontier');
      expect(stdout).toMatch(/says the same in both orders +100\.0 % of 20/);
      expect(stdout).toMatch(/agrees with people +\d/);
      expect(big.calls.map(({ step }) => step)).toEqual(Array(46).fill('judge'));
    },
    TIMEOUT_MS,
  );
});
