import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StepName } from '@spillway/models/language-model';
import {
  type ModelServer,
  type ServedCall,
  type ServedUsage,
  startModelServer,
} from '@spillway/models/testing/model-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, post, until } from '../api.js';
import { type Server, startServer } from '../server.js';

const support = fileURLToPath(new URL('../../../deploy/packs/support', import.meta.url));

/** Dollars per million tokens. */
const prices = { small: { input: '0.05', output: '0.20' }, big: { input: '2', output: '18' } } as const;

/**
 * Tokens of each call, chosen so that both its price and the price of the same tokens on the big model are the table's.
 * The polish reads what the draft read and the draft, and writes as much: that is what a polish is estimated at where
 * none was made.
 */
const usages: Readonly<Record<StepName, ServedUsage>> = {
  classify: { prompt: 2_400, completion: 400 },
  extract: { prompt: 400, completion: 400 },
  sentiment: { prompt: 1_200, completion: 200 },
  draft: { prompt: 3_600, completion: 600, reasoning: 360 },
  polish: { prompt: 3_840, completion: 240 },
};

/** Nano-dollars a message: all-big, and small-first with a polish on every message. */
const table: Readonly<Record<StepName, readonly [number, number]>> = {
  classify: [12_000_000, 200_000],
  extract: [8_000_000, 100_000],
  sentiment: [6_000_000, 100_000],
  draft: [18_000_000, 300_000],
  polish: [12_000_000, 12_000_000],
};

let pack: string;
let small: ModelServer;
let big: ModelServer;
let server: Server;

/** The support pack at the prices above. */
function pricedPack(): string {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-pack-'));
  cpSync(support, folder, { recursive: true });
  const file = join(folder, 'models.yaml');
  const list = ({ input, output }: { readonly input: string; readonly output: string }) =>
    `    prices: [{ from: 2026-01-01, input_per_million: "${input}", output_per_million: "${output}" }]\n`;
  const found: string[] = [];
  const priced = readFileSync(file, 'utf8').replace(/ {4}prices:\n(?: {6}.*\n)+/g, (own) => {
    found.push(own);
    return list(found.length === 1 ? prices.small : prices.big);
  });
  expect(found).toHaveLength(2);
  writeFileSync(file, priced);
  return folder;
}

beforeAll(async () => {
  pack = pricedPack();
  const usage = { usage: ({ step }: ServedCall) => usages[step as StepName] };
  [small, big] = [await startModelServer(usage), await startModelServer(usage)];
  server = await startServer({
    SPILLWAY_PACK: pack,
    SMALL_BASE_URL: small.baseUrl,
    SMALL_API_KEY: 'key',
    BIG_BASE_URL: big.baseUrl,
    BIG_API_KEY: 'key',
  });
}, 60_000);
afterAll(async () => {
  await server.remove();
  await small.close();
  await big.close();
  rmSync(pack, { recursive: true });
});

interface Bill {
  readonly cost: { readonly nanos: number | null };
  readonly baseline: { readonly nanos: number | null };
  readonly saved_nanos: number | null;
}

interface Savings extends Bill {
  readonly messages: number;
  readonly settled: number;
  readonly steps: readonly (Bill & { readonly step: StepName; readonly calls: number })[];
}

/** Sends messages of which so many are on a channel that customers read, and are polished; the bill of these alone. */
async function bill(messages: number, polished: number): Promise<Savings> {
  const from = new Date().toISOString();
  const ids = await Promise.all(
    Array.from({ length: messages }, (_, at) =>
      post(server.url, { text: 'Where is my order FF-204518?', channel: at < polished ? 'email' : 'form' }),
    ),
  );
  for (const id of ids) expect((await until(server.url, id)).status).toBe('settled');
  return (await call<Savings>(`${server.url}/v1/savings?from=${from}`)).body;
}

const parts = ({ cost, baseline, saved_nanos }: Bill) => [baseline.nanos, cost.nanos, saved_nanos];

/** Whole per cent saved, as the table says it. */
const percentSaved = ({ baseline, saved_nanos }: Bill): number =>
  Math.floor((100 * (saved_nanos ?? Number.NaN)) / (baseline.nanos ?? Number.NaN));

describe('the bill of the seed case, out of the ledger', () => {
  it('is $0.056 a message all-big and $0.0127 small-first with a polish on each: 77 % less', async () => {
    const savings = await bill(10, 10);
    expect(savings).toMatchObject({ messages: 10, settled: 10 });
    expect(parts(savings)).toEqual([560_000_000, 127_000_000, 433_000_000]);
    expect(percentSaved(savings)).toBe(77);
    expect(
      Object.fromEntries(
        savings.steps.map(({ step, calls, ...step_bill }) => [step, [calls, ...parts(step_bill)]]),
      ),
    ).toEqual(
      Object.fromEntries(
        Object.entries(table).map(([step, [allBig, smallFirst]]) => [
          step,
          [10, 10 * allBig, 10 * smallFirst, 10 * (allBig - smallFirst)],
        ]),
      ),
    );
  }, 60_000);

  it('is $0.0031 a message with a polish on one of five: 94 % less', async () => {
    const savings = await bill(10, 2);
    expect(savings).toMatchObject({ messages: 10, settled: 10 });
    expect(parts(savings)).toEqual([560_000_000, 31_000_000, 529_000_000]);
    expect(percentSaved(savings)).toBe(94);
    const polish = savings.steps.find(({ step }) => step === 'polish');
    expect([polish?.calls, ...parts(polish as Bill)]).toEqual([2, 120_000_000, 24_000_000, 96_000_000]);
  }, 60_000);
});
