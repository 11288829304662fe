import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import { type Answer, call } from '../../src/api.js';
import type { Server } from '../../src/server.js';
import { cpuMs } from '../process-usage.js';
import { quantile } from '../statistics.js';
import { head, row, shown } from '../table.js';
import { type Layout, layouts, nameOf, withProcesses } from './layout.js';
import { type Stack, startStack } from './stack.js';

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const SMALL_MS = 100;
const BIG_MS = 800;
/** Every fifth reply is read by a customer, and polished. */
const POLISH_EVERY = 5;
/** Calls of every model at once: the pace asks for 40 of the small one and 16 of the big one, and none may wait. */
const CONCURRENCY = 256;
const CONNECTIONS = 32;
const PATIENCE_MS = 60_000;

interface Sizes {
  readonly perSecond: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

const defaults: Sizes = { perSecond: 100, seconds: 30, warmUpSeconds: 80 };

/** How long a message takes beyond the time of its models, at an even pace that waits for nobody. */
export async function endpointLatency(sizes: Sizes = defaults): Promise<void> {
  process.stdout.write(
    `\nSimulated endpoints: ${SMALL_MS} ms small, ${BIG_MS} ms big, ${100 / POLISH_EVERY} % polished; ${sizes.perSecond} messages a second for ` +
      `${sizes.seconds} s, open loop, after ${sizes.warmUpSeconds} s at a growing pace to warm up and a pause. Received to settled as the ledger has it, milliseconds.\n`,
  );
  head('layout', 'messages', 'model time', 'n', 'p50', 'p95', 'p99', 'p50 beyond the models');
  const folder = mkdtempSync(join(tmpdir(), 'spillway-bench-'));
  try {
    for (const layout of [layouts.one, layouts.three]) await measure(layout, packIn(folder), sizes);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The example pack, with endpoints that take as many calls as there are. */
function packIn(folder: string): string {
  const pack = join(folder, 'pack');
  cpSync(pathOf('../../../deploy/packs/support'), pack, { recursive: true });
  const models = join(pack, 'models.yaml');
  const sized = readFileSync(models, 'utf8').replaceAll(/concurrency: \d+/g, `concurrency: ${CONCURRENCY}`);
  writeFileSync(models, sized);
  return pack;
}

async function measure(layout: Layout, pack: string, sizes: Sizes): Promise<void> {
  const [endpoints, stack] = await Promise.all([startEndpoints(), startStack()]);
  try {
    const environment = { ...stack.environment, ...endpoints.environment, SPILLWAY_PACK: pack };
    await withProcesses(layout, environment, async (servers) => {
      const [{ url }] = servers;
      await warmUp(url, sizes);
      const before = usage(servers, stack, endpoints.pid);
      const sent = await sendEvenly(url, sizes.perSecond, sizes.seconds);
      const after = usage(servers, stack, endpoints.pid);
      report(layout, sent, await settled(url, sent));
      reportUsage(
        layout,
        after.map((ms, part) => (ms - (before[part] ?? 0)) / sent.size),
      );
    });
  } finally {
    await stack.stop();
    endpoints.stop();
  }
}

async function startEndpoints() {
  const args = ['--conditions', 'spillway-source', '--import', pathOf('../../../tools/from-source.mjs')];
  const child = spawn(
    process.execPath,
    [...args, pathOf('model-endpoints.ts'), String(SMALL_MS), String(BIG_MS)],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  const [small = '', big = ''] = JSON.parse(said.toString()) as string[];
  return {
    pid: child.pid as number,
    environment: {
      ...{ SMALL_BASE_URL: small, SMALL_MODEL: 'small-bench', SMALL_API_KEY: 'bench' },
      ...{ BIG_BASE_URL: big, BIG_MODEL: 'big-bench', BIG_API_KEY: 'bench' },
    },
    stop: () => void child.stdin.end(),
  };
}

/** CPU milliseconds so far of every process of ours, of the servers, the endpoints and the sender. */
const usage = (servers: readonly Server[], stack: Stack, endpoints: number): readonly number[] => [
  ...servers.map((server) => server.cpuMs()),
  ...Object.values(stack.servers).map(({ pid }) => cpuMs(pid)),
  cpuMs(endpoints),
  process.cpuUsage().user / 1000 + process.cpuUsage().system / 1000,
];

function reportUsage({ processes, name }: Layout, spent: readonly number[]): void {
  const parts = [...processes.map(nameOf), 'Kafka', 'Redis', 'PostgreSQL', 'endpoints', 'sender'];
  const all = spent.reduce((sum, ms) => sum + ms, 0);
  const words = parts.map((part, at) => `${spent[at]?.toFixed(2)} ${part}`).join(', ');
  process.stdout.write(`${name}, CPU in milliseconds a message: ${words}; all ${all.toFixed(2)}.\n`);
}

/** Shares of the pace, one after the other: code that runs for the first time is too slow for all of it. */
const RAMP = [0.25, 0.5, 0.75, 1];

/** Over when all its messages are settled: what it left would be in the way of the others. */
async function warmUp(url: string, { perSecond, warmUpSeconds }: Sizes): Promise<void> {
  const sent = new Map<string, boolean>();
  for (const share of RAMP) {
    const part = await sendEvenly(url, share * perSecond, warmUpSeconds / RAMP.length);
    for (const [id, polished] of part) sent.set(id, polished);
  }
  await settled(url, sent);
}

/** Ids of the messages, and whether each is to be polished. */
type Sent = ReadonlyMap<string, boolean>;

async function sendEvenly(url: string, perSecond: number, seconds: number): Promise<Sent> {
  // Not `fetch`, which would take a tenth of what is measured.
  const pool = new Pool(url, { connections: CONNECTIONS });
  try {
    const start = performance.now();
    const sending: Promise<readonly [string, boolean]>[] = [];
    for (let n = 0; n < perSecond * seconds; n += 1) {
      await delay(Math.max(0, start + (1000 * n) / perSecond - performance.now()));
      sending.push(send(pool, n));
    }
    return new Map(await Promise.all(sending));
  } finally {
    await pool.close();
  }
}

async function send(pool: Pool, n: number): Promise<readonly [string, boolean]> {
  const polished = n % POLISH_EVERY === 0;
  const text = `Where is my order FF-${200_000 + n}?`;
  const { statusCode, body } = await pool.request({
    method: 'POST',
    path: '/v1/messages',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text, channel: 'form', customer_facing: polished }),
  });
  const answer = await body.text();
  if (statusCode !== 202) throw new Error(`answered ${statusCode}: ${answer}`);
  return [(JSON.parse(answer) as { id: string }).id, polished];
}

interface Listed {
  readonly id: string;
  readonly status: string;
  readonly reply: { readonly by: string } | null;
  readonly received_at: string;
  readonly settled_at: string | null;
}

/** What the ledger has of these messages once all of them are settled. */
async function settled(url: string, sent: Sent): Promise<readonly Listed[]> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const listed = (await newest(url, sent.size)).filter(({ id }) => sent.has(id));
    const open = sent.size - listed.filter(({ settled_at }) => settled_at !== null).length;
    if (open === 0) return listed;
    if (performance.now() > deadline) throw new Error(`${open} of ${sent.size} messages were not settled`);
    await delay(500);
  }
}

interface Page {
  readonly items: readonly Listed[];
  readonly next_cursor: string | null;
}

/** The newest messages of the ledger. */
async function newest(url: string, count: number): Promise<readonly Listed[]> {
  const found: Listed[] = [];
  let cursor: string | null = '';
  while (cursor !== null && found.length < count) {
    const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { body }: Answer<Page> = await call<Page>(`${url}/v1/messages?limit=200${query}`);
    found.push(...body.items);
    cursor = body.next_cursor;
  }
  return found;
}

function report(layout: Layout, sent: Sent, listed: readonly Listed[]): void {
  for (const polished of [false, true]) {
    const modelMs = polished ? 2 * SMALL_MS + BIG_MS : 2 * SMALL_MS;
    const group = listed.filter(({ id }) => sent.get(id) === polished);
    const odd = group.filter(({ reply }) => reply?.by !== (polished ? 'big' : 'small'));
    if (odd.length > 0)
      throw new Error(`${odd.length} messages were not answered by the model that was meant`);
    const times = group.map(
      ({ received_at, settled_at }) => Date.parse(settled_at ?? '') - Date.parse(received_at),
    );
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((p) => quantile(times, p)) as [number, number, number];
    row(
      ...[layout.name, polished ? 'polished' : 'unpolished', modelMs, times.length],
      ...[shown(p50), shown(p95), shown(p99), shown(p50 - modelMs)],
    );
  }
}
