import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ModelServer, startModelServer } from '@spillway/models/testing/model-server';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { call, type Message, post, read, until } from '../api.js';
import { type Server, spillway, startServer } from '../server.js';

const support = fileURLToPath(new URL('../../../deploy/packs/support', import.meta.url));
const CAP_NANOS = 100_000_000;

let pack: string;
let big: ModelServer;
let server: Server;

/** The support pack with ten cents a day for the big model. */
function cappedPack(rule?: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-pack-'));
  cpSync(support, folder, { recursive: true });
  const file = join(folder, 'policy.yaml');
  const policy = readFileSync(file, 'utf8');
  const caps = /caps:\n( +- .*\n)+/;
  expect(policy).toMatch(caps);
  const capped = policy.replace(caps, 'caps:\n    - { per: day, dollars: "0.10", model: frontier }\n');
  writeFileSync(file, rule === undefined ? capped : capped.replace(/at_cap: .*/, `at_cap: ${rule}`));
  return folder;
}

beforeAll(async () => {
  pack = cappedPack();
  big = await startModelServer();
  server = await startServer({ SPILLWAY_PACK: pack, BIG_BASE_URL: big.baseUrl, BIG_API_KEY: 'key' });
}, 60_000);
afterAll(async () => {
  await server.remove();
  await big.close();
  rmSync(pack, { recursive: true });
});

interface Cap {
  readonly model: string;
  readonly spent_nanos: number;
  readonly reserved_nanos: number;
  readonly left_nanos: number;
}

async function used(): Promise<Cap> {
  const { body } = await call<{ caps: readonly [Cap] }>(`${server.url}/v1/budgets`);
  return body.caps[0];
}

/** On a channel that customers read, so that the big model is asked once: for the polish. */
const send = (text = 'Where is my order FF-204518?'): Promise<string> =>
  post(server.url, { text, channel: 'email' });
const told = async (ids: readonly string[]): Promise<readonly Message[]> =>
  Promise.all(ids.map((id) => until(server.url, id)));

it('has doctor say of its probe that it is not counted while the server holds the budget', async () => {
  const before = await used();
  const probed = await startModelServer();
  const { stdout } = await spillway(['doctor'], {
    SPILLWAY_PACK: pack,
    SPILLWAY_DATA: server.data,
    SPILLWAY_PORT: String(server.port),
    BIG_BASE_URL: probed.baseUrl,
    BIG_API_KEY: 'key',
  });
  await probed.close();
  expect(stdout).toMatch(
    /ok {3}model gpt-4o: answered in \d+ ms, for \$0\.000\d+, not counted by the caps, whose budget the running server holds/,
  );
  expect(await used()).toEqual(before);
}, 60_000);

it('still counts, after kill -9, what a call in flight may cost, beside the call that is made again', async () => {
  big.next({ kind: 'silent' });
  const id = await send();
  await vi.waitFor(() => expect(big.calls).toHaveLength(1), { timeout: 20_000 });
  const { reserved_nanos: lost, spent_nanos: spent } = await used();
  expect([lost > 0, spent]).toEqual([true, 0]);
  await server.crash();
  await server.restart();
  const [message] = await told([id]);
  expect(message).toMatchObject({ status: 'settled', reply: { by: 'big' } });
  expect(big.calls).toHaveLength(2);
  expect(await used()).toMatchObject({
    model: 'frontier',
    spent_nanos: message?.cost_nanos,
    reserved_nanos: lost,
  });
}, 60_000);

it('never spends more than the cap, however many ask at once; a person decides on the rest', async () => {
  big.always(() => ({ kind: 'slow', ms: 20 }));
  const before = await used();
  const messages = await told(await Promise.all(Array.from({ length: 100 }, () => send())));
  const polished = messages.filter(({ status }) => status === 'settled');
  const held = messages.filter(({ status }) => status === 'in_review');
  expect(polished.length).toBeGreaterThan(0);
  expect(held.length).toBeGreaterThan(0);
  expect(polished.length + held.length).toBe(100);
  const cost = polished.reduce((sum, { cost_nanos: nanos }) => sum + (nanos ?? Number.NaN), 0);
  const after = await used();
  expect(after.spent_nanos).toBe(before.spent_nanos + cost);
  expect(after.reserved_nanos).toBe(before.reserved_nanos);
  expect(after.spent_nanos + after.reserved_nanos).toBeLessThanOrEqual(CAP_NANOS);
  for (const { decisions, cost_nanos: nanos } of held) {
    expect(decisions.at(-1)).toMatchObject({ step: 'polish', tier: 'big', verdict: 'hold' });
    expect(decisions.at(-1)?.reasons[0]).toMatch(
      /over_budget.*the cap of 0\.1 dollars a day for frontier is reached until/,
    );
    expect(nanos).toBe(0);
  }
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics).toContain(`spillway_budget_cap_nanos{model="frontier",per="day"} ${CAP_NANOS}`);
  expect(metrics).toContain(`spillway_budget_spent_nanos{model="frontier",per="day"} ${after.spent_nanos}`);
  expect(metrics).toMatch(
    /spillway_budget_rejections_total\{model="frontier",per="day",cap="frontier"\} \d+/,
  );
}, 60_000);

it('says until when a message waits, where the rule is to wait', async () => {
  const queueing = cappedPack('{ rule: queue }');
  const waiter = await startServer({
    SPILLWAY_PACK: queueing,
    BIG_BASE_URL: big.baseUrl,
    BIG_API_KEY: 'key',
  });
  try {
    const one = { text: 'Where is my order FF-204518?', channel: 'email' };
    const ids = await Promise.all(Array.from({ length: 100 }, () => post(waiter.url, one)));
    const messages = await vi.waitFor(
      async () => {
        const found = await Promise.all(ids.map((id) => read(waiter.url, id)));
        expect(found.filter(({ status, waiting }) => status !== 'settled' && waiting === null)).toEqual([]);
        return found;
      },
      { timeout: 30_000, interval: 200 },
    );
    const waiting = messages.filter(({ status }) => status !== 'settled');
    expect(waiting.length).toBeGreaterThan(0);
    for (const message of waiting) {
      expect(message).toMatchObject({
        status: 'in_progress',
        waiting: { for: 'budget', step: 'polish' },
      });
      expect(Date.parse(message.waiting?.until ?? '')).toBeGreaterThan(Date.parse(message.received_at));
    }
    const { body } = await call<{ items: readonly Message[] }>(
      `${waiter.url}/v1/messages?status=in_progress&limit=200`,
    );
    const untilOf = (found: readonly Message[]) => new Map(found.map((each) => [each.id, each.waiting]));
    expect(untilOf(body.items)).toEqual(untilOf(waiting));
  } finally {
    await waiter.remove();
    rmSync(queueing, { recursive: true });
  }
}, 60_000);
