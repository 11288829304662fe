import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { startModelServer } from '@spillway/models/testing/model-server';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { call } from '../api.js';
import { type Server, spillway, startServer } from '../server.js';

let server: Server;
let folder: string;
let here: Record<string, string>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-cli-'));
  server = await startServer();
  here = { SPILLWAY_PORT: String(server.port), SPILLWAY_DATA: folder };
}, 60_000);
afterAll(async () => {
  await server.remove();
  rmSync(folder, { recursive: true });
});

describe('spillway send', () => {
  it('prints the id of a message', async () => {
    const { code, stdout, stderr } = await spillway(['send', 'Where is my order?'], here);
    expect([code, stderr]).toEqual([0, '']);
    expect((await call(`${server.url}/v1/messages/${stdout.trim()}`)).status).toBe(200);
  });

  it('waits for the outcome', async () => {
    const { code, stdout } = await spillway(
      ['send', 'Where is my order FF-204518?', '--channel', 'form', '--wait', '--json'],
      here,
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'settled', intent: 'order_status' });
  });

  it('says of a refused message what is wrong with it', async () => {
    const { code, stderr } = await spillway(['send', ' ', '--channel', 'c'.repeat(300)], here);
    expect([code, stderr]).toEqual([2, expect.stringContaining('/text: must not be blank')]);
    expect(stderr).toContain('/channel: ');
  });

  it('follows a file to the end of every message, and sends nothing twice', async () => {
    const file = join(folder, 'inbox.jsonl.gz');
    const rows = Array.from({ length: 250 }, (_, index) => ({
      id: `row-${index}`,
      text: index % 50 === 0 ? '' : `Where is my order FF-${200_000 + index}?`,
      subject: `order ${index}`,
      received_at: '2025-01-01T08:08:03Z',
      topic: 'orders',
    }));
    writeFileSync(file, gzipSync(`${rows.map((row) => JSON.stringify(row)).join('\n')}\nnonsense\n`));
    const first = await spillway(['send', '--file', file, '--json'], here);
    expect(first.stderr).toContain(`${file}:251: is not JSON`);
    expect(JSON.parse(first.stdout)).toMatchObject({ sent: 250, refused: 0, failed: 0, unreadable: 1 });
    const { settled, in_review } = JSON.parse(first.stdout) as { settled: number; in_review: number };
    expect(settled + in_review).toBe(250);
    const before = await call<{ messages: number }>(`${server.url}/v1/savings`);
    const second = await spillway(['send', '--file', file, '--json'], here);
    expect(JSON.parse(second.stdout)).toMatchObject({ sent: 250, failed: 0 });
    expect((await call<{ messages: number }>(`${server.url}/v1/savings`)).body.messages).toBe(
      before.body.messages,
    );
  }, 60_000);

  it.each([
    ['neither text nor file', ['send'], 2],
    ['a file that is not there', ['send', '--file', 'none.jsonl'], 2],
    ['a command that is none', ['fly'], 2],
    ['a service that is none', ['start', 'clasifier'], 2],
  ])('%s: says what is wrong', async (_, args, code) => {
    const finished = await spillway(args, here);
    expect(finished.code).toBe(code);
    expect(finished.stderr.length).toBeGreaterThan(10);
    expect(finished.stdout).toBe('');
  });

  it('no server: says so', async () => {
    const { code, stderr } = await spillway(['send', 'hello'], { ...here, SPILLWAY_PORT: '9' });
    expect([code, stderr]).toEqual([3, expect.stringContaining('no server answers')]);
  });
});

describe('spillway start', () => {
  it('says that the embedded data serves one process', async () => {
    const { code, stderr } = await spillway(['start', 'classifier'], { ...here, SPILLWAY_DATA: server.data });
    expect([code, stderr]).toEqual([3, expect.stringContaining('in use by another process')]);
  });

  it('names everything that is wrong with the environment at once', async () => {
    const { code, stderr } = await spillway(['start'], {
      ...here,
      SPILLWAY_PORT: 'x',
      REDIS_URL: 'http://h',
    });
    expect(code).toBe(3);
    expect(stderr).toContain('SPILLWAY_PORT');
    expect(stderr).toContain('REDIS_URL');
  });

  it('refuses to listen for strangers without keys', async () => {
    const data = join(folder, 'open');
    const { code, stderr } = await spillway(['start'], {
      ...here,
      SPILLWAY_DATA: data,
      SPILLWAY_HOST: '0.0.0.0',
      REDIS_URL: 'http://h',
    });
    expect([code, stderr]).toEqual([3, expect.stringContaining('without API keys only loopback')]);
    expect(stderr).toContain('REDIS_URL');
    expect(stderr).not.toContain('learning');
  }, 60_000);

  it('runs the sample inbox to its bill and exits', async () => {
    const data = join(folder, 'demo');
    const { code, stdout } = await spillway(['start', '--demo', '--exit'], {
      ...here,
      SPILLWAY_DATA: data,
      SPILLWAY_PORT: '0',
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/200 messages: \d+ settled, \d+ with a person, 0 failed/);
    expect(stdout).toContain('Projection, not a bill');
  }, 120_000);

  it('runs some services without the others, and they find each other’s events on the next start', async () => {
    const part = await startServer({}, ['gateway', 'classifier', 'router']);
    const { body } = await call<{ id: string }>(`${part.url}/v1/messages`, { text: 'hello there' });
    expect((await call(`${part.url}/v1/messages/${body.id}`)).body).toMatchObject({ status: 'received' });
    expect(await part.stop()).toBe(0);
    await part.remove();
  }, 60_000);
});

describe('a data folder that can never be made', () => {
  beforeEach(({ skip }) => skip(!existsSync('/proc/self'), 'there is no /proc here'));

  it.each([['start'], ['train'], ['tune'], ['eval'], ['review'], ['export --step classify --to-eval']])(
    'ends spillway %s at once, with the reason',
    async (command) => {
      const nowhere = { ...here, SPILLWAY_PORT: '0', SPILLWAY_DATA: '/proc/x' };
      const { code, stderr } = await spillway(command.split(' '), nowhere);
      expect([code, stderr]).toEqual([3, expect.stringMatching(/\/proc\/x.*\n +SPILLWAY_DATA: ENOENT/)]);
      expect(stderr).not.toContain('learning');
    },
  );

  it('is a finding of spillway doctor', async () => {
    const { code, stdout } = await spillway(['doctor'], { ...here, SPILLWAY_DATA: '/proc/x' });
    expect([code, stdout]).toEqual([3, expect.stringContaining('FAIL data: /proc/x')]);
  });
});

it('spillway export, which only reads the ledger, makes no data folder', async () => {
  const data = join(folder, 'not-there');
  const command = ['export', '--step', 'classify', '--out', join(folder, 'exported')];
  const { code, stderr } = await spillway(command, { ...here, SPILLWAY_DATA: data });
  expect([code, stderr]).toEqual([2, expect.stringContaining('nothing was written yet')]);
  expect(existsSync(data)).toBe(false);
}, 60_000);

describe('spillway audit', () => {
  const call =
    '{"response":{"object":"chat.completion","model":"gpt-4o","usage":{"prompt_tokens":9,"completion_tokens":1}}}';
  it.each<[string, string | Uint8Array, number, string]>([
    ['gzip without the ending', gzipSync(`${call}\n`), 0, '1 line, 1 call'],
    ['nothing that can be read', 'no\nno\n', 2, 'is not JSON (2 lines)'],
    ['nothing', '', 2, 'has no line'],
  ])('of a file with %s', async (_, content, wanted, words) => {
    const file = join(folder, 'calls.log');
    writeFileSync(file, content);
    const { code, stdout, stderr } = await spillway(['audit', file], here);
    expect([code, stdout + stderr]).toEqual([wanted, expect.stringContaining(words)]);
  });
});

describe('spillway doctor', () => {
  it('finds nothing wrong', async () => {
    const { code, stdout } = await spillway(['doctor', '--json'], here);
    expect(code).toBe(0);
    const findings = JSON.parse(stdout) as { check: string; ok: boolean; found: string }[];
    expect(findings.map(({ check }) => check)).toEqual(
      expect.arrayContaining([
        'runtime',
        'data',
        'server',
        'pack',
        'policy',
        'model embedded-small',
        'model embedded-big',
      ]),
    );
  }, 60_000);

  it('reminds of a review that is more than a month late, which keeps nothing from working', async () => {
    const pack = join(folder, 'unreviewed');
    cpSync(fileURLToPath(new URL('../../../deploy/packs/support', import.meta.url)), pack, {
      recursive: true,
    });
    const policy = readFileSync(join(pack, 'policy.yaml'), 'utf8');
    writeFileSync(join(pack, 'policy.yaml'), policy.replace(/^reviewed_on: .*$/m, 'reviewed_on: 2026-01-01'));
    const { code, stdout } = await spillway(['doctor'], { ...here, SPILLWAY_PACK: pack });
    expect(code).toBe(0);
    expect(stdout).toMatch(/ok {3}policy: .*on 2026-01-01: review its thresholds; no certificate/);
    expect(stdout).toMatch(/fix: run `spillway review`/);
  }, 60_000);

  it('probes endpoints, and names a cause and a fix for each that fails', async () => {
    const models = await startModelServer();
    models.always(() => ({ kind: 'no logprobs' }));
    const { code, stdout } = await spillway(['doctor'], {
      ...here,
      SMALL_BASE_URL: models.baseUrl,
      SMALL_MODEL: 'quiet',
      BIG_BASE_URL: 'http://127.0.0.1:9/v1',
      BIG_MODEL: 'gone',
    });
    await models.close();
    expect(code).toBe(3);
    expect(stdout).toMatch(
      /FAIL model quiet: .*no log-probabilities.*answer to classify, extract, sentiment/,
    );
    expect(stdout).toMatch(/fix: set `samples: 5` in models.yaml for classify, extract, sentiment/);
    expect(stdout).toMatch(/FAIL model gone: unavailable/);
    expect(stdout).toMatch(/fix: check that the endpoint runs/);
  }, 60_000);

  it('probes under the caps, tells what it cost, and makes no call that a cap has no room for', async () => {
    const models = await startModelServer();
    const pack = join(folder, 'capped');
    const cap = (dollars: string) => {
      cpSync(fileURLToPath(new URL('../../../deploy/packs/support', import.meta.url)), pack, {
        recursive: true,
      });
      const policy = readFileSync(join(pack, 'policy.yaml'), 'utf8');
      writeFileSync(join(pack, 'policy.yaml'), policy.replace('dollars: "200"', `dollars: "${dollars}"`));
      return {
        SPILLWAY_DATA: join(folder, 'capped-data'),
        SPILLWAY_PORT: '1',
        SPILLWAY_PACK: pack,
        SMALL_BASE_URL: models.baseUrl,
        BIG_BASE_URL: models.baseUrl,
      };
    };
    const { stdout } = await spillway(['doctor'], cap('200'));
    expect(stdout).toMatch(/ok {3}model gpt-4o: answered in \d+ ms, for \$0\.000\d+, with/);
    expect(models.calls.map(({ body }) => body.model)).toContain('gpt-4o');
    const probes = models.calls.length;
    const over = await spillway(['doctor'], cap('0.0001'));
    expect(over).toMatchObject({ code: 3, stdout: expect.stringMatching(/FAIL model gpt-4o: over_budget/) });
    expect(over.stdout).toMatch(/fix: raise the cap in policy.yaml/);
    expect(models.calls.slice(probes).map(({ body }) => body.model)).toEqual([
      expect.stringContaining('Llama'),
    ]);
    await models.close();
  }, 60_000);
});

it('spillway train makes the embedded models', async () => {
  const { code, stdout } = await spillway(['train', '--json'], {
    ...here,
    SPILLWAY_DATA: join(folder, 'trained'),
  });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ pack: 'support', intents: 19 });
}, 60_000);
