import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ModelServer, startModelServer } from '@spillway/models/testing/model-server';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { spillway, takeTrained } from '../server.js';

let folder: string;
let small: ModelServer;
let here: Record<string, string>;
const TIMEOUT_MS = 60_000;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-tune-endpoint-'));
  const pack = join(folder, 'pack');
  cpSync(fileURLToPath(new URL('../../../deploy/packs/support', import.meta.url)), pack, { recursive: true });
  takeTrained(join(folder, 'data'));
  small = await startModelServer();
  here = { SPILLWAY_PACK: pack, SPILLWAY_DATA: join(folder, 'data'), SMALL_BASE_URL: small.baseUrl };
});
afterAll(async () => {
  await small.close();
  rmSync(folder, { recursive: true });
});

const tune = (args: readonly string[] = [], more: Record<string, string> = {}) =>
  spillway(['tune', '--step', 'sentiment', '--json', ...args], { ...here, ...more });

it(
  'asks nothing of an endpoint before somebody agrees to the cost, and says what to type',
  async () => {
    const refused = await tune();
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      /sentiment: 152 calls to \S+Llama\S+; at most [\d,]+ tokens in and [\d,]+ out; at most \$0\.\d+, \$0\.\d+ if every call is repeated \(prices of 2026-01-01\)/,
    );
    expect(refused.stderr).toMatch(/nobody can be asked here: add --yes, or --max-cost-usd 0\.\d+ covers it/);
    expect(await tune(['--max-cost-usd', '0.001'])).toMatchObject({ code: 2 });
    const unpriced = await tune(['--max-cost-usd', '1000'], { SMALL_MODEL: 'unheard-of' });
    expect(unpriced).toMatchObject({ code: 2, stderr: expect.stringContaining('what it costs is unknown') });
    expect(small.calls).toHaveLength(0);
  },
  TIMEOUT_MS,
);

it(
  'pays within the limit that it told, and not again for what it has',
  async () => {
    const [, limit = ''] = /--max-cost-usd (\S+) covers/.exec((await tune()).stderr) ?? [];
    const tuned = await tune(['--max-cost-usd', limit]);
    expect([0, 4]).toContain(tuned.code);
    expect(small.calls.length).toBeGreaterThan(100);
    const paid = small.calls.length;
    const again = await tune();
    expect(again).toMatchObject({ code: tuned.code, stderr: expect.stringContaining('nothing to ask of') });
    expect(small.calls).toHaveLength(paid);
    expect(JSON.parse(again.stdout).steps[0]).toMatchObject({
      certification: JSON.parse(tuned.stdout).steps[0].certification,
      options: { pricing: { projected: true, pricesFrom: '2026-10-01' } },
    });
  },
  TIMEOUT_MS,
);
