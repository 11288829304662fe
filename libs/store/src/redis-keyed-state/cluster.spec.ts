import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { openRedisBudget } from '../redis-budget.js';
import { openRedisKeyedState } from '../redis-keyed-state.js';
import { budgetContract } from '../testing/budget.contract.js';
import { keyedStateContract } from '../testing/keyed-state.contract.js';
import { startOwnRedis } from '../testing/own-redis.js';
import { bytes } from '../testing/stage.js';

const settings = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000'];
// Two servers that share the slots, so that a wrong way shows as well as keys that do not belong together.
const [one, other] = await Promise.all([startOwnRedis(...settings), startOwnRedis(...settings)]);
await one.ask('CLUSTER', 'ADDSLOTSRANGE', '0', '8191');
await other.ask('CLUSTER', 'ADDSLOTSRANGE', '8192', '16383');
await one.ask('CLUSTER', 'MEET', '127.0.0.1', `${other.port}`);
await vi.waitFor(
  async () => {
    for (const server of [one, other])
      expect(await server.ask('CLUSTER', 'INFO')).toMatch(/cluster_state:ok.*cluster_known_nodes:2/s);
  },
  { timeout: 30_000, interval: 50 },
);
afterAll(async () => {
  await Promise.all([one.remove(), other.remove()]);
});

keyedStateContract('redis cluster', {
  open: (prefix) => openRedisKeyedState({ url: one.url, prefix }),
  pass: (ms) => sleep(ms),
  now: Date.now,
});

budgetContract('redis cluster', {
  open: (prefix, caps, now) => openRedisBudget({ url: one.url, prefix, caps, now }),
  clients: 3,
});

describe('redis keyed state on a cluster', () => {
  it('uses all servers, and finds the alarms of all', async () => {
    const logger = { info: vi.fn(), warn: vi.fn() };
    const state = await openRedisKeyedState({ url: other.url, prefix: randomUUID(), logger });
    // One warning for all servers that are set alike, and no other.
    expect(logger.warn.mock.calls).toEqual([[{}, expect.stringContaining('last two seconds')]]);
    await Promise.all(
      Array.from({ length: 300 }, (_, n) =>
        state.write([
          { kind: 'put', key: `{${n}}:entry`, value: bytes('x') },
          { kind: 'arm', key: `{${n}}:alarm`, at: n, payload: bytes(`${n}`) },
        ]),
      ),
    );
    expect((await state.due(299, 300)).map(({ at }) => at)).toEqual(Array.from({ length: 300 }, (_, n) => n));
    for (const server of [one, other]) expect(Number(await server.ask('DBSIZE'))).toBeGreaterThan(100);
    await state.close();
  });

  it('works on when all servers forget their scripts', async () => {
    const state = await openRedisKeyedState({ url: one.url, prefix: randomUUID() });
    for (const server of [one, other]) await server.ask('SCRIPT', 'FLUSH');
    const claims = await Promise.all(Array.from({ length: 100 }, (_, n) => state.claim(`{${n}}`, 1_000)));
    expect(claims.every((claim) => claim.state === 'claimed')).toBe(true);
    await state.close();
  });

  it('fails within seconds while a server is gone, and is back by itself', async () => {
    const state = await openRedisKeyedState({ url: one.url, prefix: randomUUID() });
    const all = (text: string) =>
      Promise.allSettled(
        Array.from({ length: 64 }, (_, n) =>
          state.write([{ kind: 'put', key: `{${n}}`, value: bytes(text) }]),
        ),
      );
    await all('before');
    await other.kill();
    const started = performance.now();
    const during = await all('during');
    expect(performance.now() - started).toBeLessThan(8_000);
    const failed = during.filter((end) => end.status === 'rejected');
    expect(failed.length).toBeGreaterThan(0);
    for (const { reason } of failed) expect(reason).toMatchObject({ name: 'Fault', code: 'unavailable' });
    await other.start();
    await vi.waitFor(
      async () => expect((await all('after')).filter((end) => end.status === 'rejected')).toEqual([]),
      { timeout: 15_000, interval: 100 },
    );
    await state.close();
  });
});
