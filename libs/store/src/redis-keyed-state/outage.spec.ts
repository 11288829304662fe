import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { KeyedState } from '../keyed-state.js';
import { openRedisKeyedState } from '../redis-keyed-state.js';
import { type OwnRedis, startOwnRedis } from '../testing/own-redis.js';
import { bytes } from '../testing/stage.js';

const HOUR = 3_600_000;
const unavailable = expect.objectContaining({ name: 'Fault', code: 'unavailable' });
const logger = { info: vi.fn(), warn: vi.fn() };
let redis: OwnRedis;
let state: KeyedState;

beforeAll(async () => {
  redis = await startOwnRedis('--appendfsync', 'always');
  state = await openRedisKeyedState({ url: redis.url, logger });
});
afterEach(() => vi.clearAllMocks());
afterAll(async () => {
  await state.close();
  await redis.remove();
});

const put = (key: string, text = 'x') => ({ kind: 'put', key, value: bytes(text) }) as const;
/** Until the server answers again. */
const back = (): Promise<void> =>
  vi.waitFor(async () => void (await state.get('{any}')), { timeout: 15_000, interval: 20 });

describe('redis keyed state while its server fails', () => {
  it('has all that it acknowledged after kill -9 of the server, under load', async () => {
    const acknowledged: number[] = [];
    let next = 0;
    async function writer(): Promise<void> {
      for (;;) {
        const n = next++;
        await state.write([
          put(`{${n}}:entry`),
          { kind: 'arm', key: `{${n}}:alarm`, at: n, payload: bytes('x') },
        ]);
        const claim = await state.claim(`{${n}}:call`, HOUR);
        if (claim.state === 'claimed') await state.complete(`{${n}}:call`, claim.fence, bytes('paid'), HOUR);
        acknowledged.push(n);
        if (acknowledged.length === 2_000) void redis.kill();
      }
    }
    const ends = await Promise.allSettled(Array.from({ length: 50 }, writer));
    for (const end of ends)
      expect(end).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
    await redis.start();
    await back();
    expect(acknowledged.length).toBeGreaterThanOrEqual(2_000);
    const armed = new Set((await state.due(HOUR, 100_000)).map(({ key }) => key));
    for (const n of acknowledged) {
      expect(await state.get(`{${n}}:entry`)).toBeDefined();
      expect(armed).toContain(`{${n}}:alarm`);
      expect(await state.claim(`{${n}}:call`, 1)).toMatchObject({ state: 'done' });
    }
  });

  it('warns of no loss where the state is closed', async () => {
    const other = await openRedisKeyedState({ url: redis.url, logger });
    await other.close();
    await state.get('{any}');
    expect(logger.warn).not.toHaveBeenCalled();
  });

  it('keeps leases and fences over a restart, and gives no number twice', async () => {
    const claim = await state.claim('{restart}:call', HOUR);
    const fence = claim.state === 'claimed' ? claim.fence : 0;
    const [version = 0] = await state.write([put('{restart}')]);
    await redis.kill();
    await redis.start();
    await back();
    expect(await state.claim('{restart}:call', HOUR)).toMatchObject({ state: 'busy' });
    await state.renew('{restart}:call', fence, HOUR);
    const [newer = 0] = await state.write([{ ...put('{restart}'), expect: version }]);
    expect(newer).toBeGreaterThan(Math.max(version, fence));
  });

  it('gives no number twice even to a server that lost all it had', async () => {
    const [version = 0] = await state.write([put('{lost}')]);
    await redis.ask('FLUSHALL');
    const [newer = 0] = await state.write([put('{lost}')]);
    expect(newer).toBeGreaterThan(version);
  });

  it('fails soon while the server is gone, says so once, and is back by itself', async () => {
    await redis.kill();
    for (let n = 0; n < 3; n++) {
      const started = performance.now();
      await expect(state.write([put('{gone}', 'my words')])).rejects.toThrow(unavailable);
      expect(performance.now() - started).toBeLessThan(3_000);
    }
    const error: unknown = await state.write([put('{gone}', 'my words')]).catch((fault: unknown) => fault);
    expect(inspect(error, { depth: 9 })).toContain('ECONNREFUSED');
    expect(inspect(error, { depth: 9 })).not.toContain('my words');
    await redis.start();
    await back();
    expect(logger.warn).toHaveBeenCalledOnce();
    expect(logger.info).toHaveBeenCalledOnce();
  });

  it('fails within seconds when the server stands still, and is back once it moves', async () => {
    redis.signal('SIGSTOP');
    const started = performance.now();
    const calls = [state.get('{still}'), state.write([put('{still}')]), state.claim('{still}', 1)];
    for (const call of calls) await expect(call).rejects.toThrow(unavailable);
    expect(performance.now() - started).toBeLessThan(8_000);
    redis.signal('SIGCONT');
    await back();
  });

  it('takes what a server is out of memory for, or read-only, as an outage, and changes nothing', async () => {
    await state.write([put('{full}')]);
    await redis.ask('CONFIG', 'SET', 'maxmemory', '1');
    const write = state.write([put('{full}:new'), { kind: 'delete', key: '{full}' }]);
    await expect(write).rejects.toThrow(unavailable);
    await expect(state.claim('{full}', 1)).rejects.toThrow(unavailable);
    expect(await state.get('{full}')).toBeDefined();
    await redis.ask('CONFIG', 'SET', 'maxmemory', '0');
    await redis.ask('REPLICAOF', '127.0.0.1', '1');
    await expect(state.write([put('{full}:new')])).rejects.toThrow(unavailable);
    await redis.ask('REPLICAOF', 'NO', 'ONE');
    await back();
    await vi.waitFor(() => state.write([{ ...put('{full}:new'), expect: 0 }]));
  });

  it('closes while the server is gone', async () => {
    const other = await openRedisKeyedState({ url: redis.url });
    await redis.kill();
    const call = other.get('{any}');
    const closed = other.close();
    await expect(call).rejects.toThrow(unavailable);
    await closed;
    await redis.start();
    await back();
  });
});
