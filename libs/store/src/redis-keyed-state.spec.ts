import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, inject, it, vi } from 'vitest';
import type { KeyedState } from './keyed-state.js';
import { keyspace } from './redis-keyed-state/keyspace.js';
import { openRedisKeyedState } from './redis-keyed-state.js';
import { keyedStateContract } from './testing/keyed-state.contract.js';
import { keyedStateMachine } from './testing/keyed-state.machine.js';
import { bytes } from './testing/stage.js';

const url = inject('redisUrl');
const admin = new Redis(url);
afterAll(() => admin.disconnect());

const open = (prefix: string): Promise<KeyedState> => openRedisKeyedState({ url, prefix });

keyedStateContract('redis', { open, pass: (ms) => sleep(ms), now: Date.now });

const STEP_MS = 3_600_000;

/** Lets time pass for all that the keys of the machine hold: the server's own clock cannot be moved. */
async function age(prefix: string, ms: number): Promise<void> {
  const keys = keyspace(prefix);
  for (const key of ['{k}:a', '{k}:b', '{k}:c']) {
    const shard = keys.of(key);
    const claim = await admin.get(shard.claim(key));
    const [, fence, until] = /^(\d+) (\d+)$/.exec(claim ?? '') ?? [];
    if (fence) await admin.set(shard.claim(key), `${fence} ${Number(until) - ms}`, 'KEEPTTL');
    for (const name of [shard.entry(key), shard.claim(key)]) {
      // An abandoned claim is kept for a day, which the model takes for ever.
      const left = fence && name === shard.claim(key) ? -1 : await admin.pttl(name);
      if (left > ms) await admin.pexpire(name, left - ms);
      else if (left >= 0) await admin.del(name);
    }
  }
}

keyedStateMachine('redis', async () => {
  const prefix = randomUUID();
  let state = await open(prefix);
  let time = Date.now();
  return {
    get state(): KeyedState {
      return {
        ...state,
        async claim(key, leaseMs) {
          const claim = await state.claim(key, leaseMs);
          return claim.state === 'busy' ? { ...claim, until: claim.until + time - Date.now() } : claim;
        },
      };
    },
    now: () => time,
    stepMs: STEP_MS,
    async pass(ms) {
      time += ms;
      await age(prefix, ms);
    },
    async reopen() {
      await state.close();
      state = await open(prefix);
    },
    close: () => state.close(),
  };
});

describe('redis keyed state', () => {
  it('finds the oldest alarms wherever they are, also where one shard has more than its share', async () => {
    const state = await open(randomUUID());
    const times = new Map<string, number>();
    const arm = (key: string, at: number) => {
      times.set(key, at);
      return { kind: 'arm', key, at, payload: bytes(`${at}`) } as const;
    };
    await state.write(Array.from({ length: 120 }, (_, n) => arm(`{crowded}:${n}`, 3 * n)));
    for (let n = 0; n < 200; n++) await state.write([arm(`{${n}}:alarm`, n)]);
    for (const [limit, now] of [
      [1, 1_000],
      [100, 1_000],
      [150, 99],
      [1_000, 1_000],
    ] as const) {
      const due = await state.due(now, limit);
      const expected = [...times.values()].filter((at) => at <= now).sort((one, other) => one - other);
      expect(due.map(({ at }) => at)).toEqual(expected.slice(0, limit));
      for (const { key, at, payload } of due)
        expect([times.get(key), Buffer.from(payload).toString()]).toEqual([at, `${at}`]);
    }
    await state.close();
  });

  it('leaves nothing behind of an alarm that was disarmed, and of an entry that was deleted', async () => {
    const prefix = randomUUID();
    const state = await open(prefix);
    await state.write([
      { kind: 'put', key: '{k}', value: bytes('x') },
      { kind: 'arm', key: '{k}', at: 1, payload: bytes('x') },
    ]);
    await state.write([
      { kind: 'delete', key: '{k}' },
      { kind: 'disarm', key: '{k}' },
    ]);
    const { alarms, payloads, entry } = keyspace(prefix).of('{k}');
    expect(await admin.exists(alarms, payloads, entry('{k}'))).toBe(0);
    await state.close();
  });

  it('works on when the server forgets its scripts', async () => {
    const state = await open(randomUUID());
    await state.write([{ kind: 'put', key: '{k}', value: bytes('1') }]);
    await admin.script('FLUSH');
    const versions = await Promise.all(
      Array.from({ length: 20 }, (_, n) => state.write([{ kind: 'put', key: `{${n}}`, value: bytes('1') }])),
    );
    expect(versions.flat().length).toBe(20);
    expect(await state.claim('{k}', 1_000)).toMatchObject({ state: 'claimed' });
    await state.close();
  });

  it('counts leases by the clock of the server, whatever the clock of the caller says', async () => {
    const state = await open(randomUUID());
    expect(await state.claim('{k}', 60_000)).toMatchObject({ state: 'claimed' });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
    expect(await state.claim('{k}', 60_000)).toMatchObject({ state: 'busy' });
    vi.setSystemTime(0);
    expect(await state.claim('{other}', 50)).toMatchObject({ state: 'claimed' });
    expect(await state.claim('{other}', 50)).toMatchObject({ state: 'busy' });
    vi.useRealTimers();
    await vi.waitFor(async () =>
      expect(await state.claim('{other}', 50)).toMatchObject({ state: 'claimed' }),
    );
    await state.close();
  });

  it('lets one of several processes claim each piece of work', async () => {
    const prefix = randomUUID();
    const claimed = await Promise.all(Array.from({ length: 3 }, () => claimsOfProcess(prefix)));
    expect(claimed.flat().sort()).toEqual(Array.from({ length: 500 }, (_, n) => `{${n}}`).sort());
    for (const each of claimed) expect(each.length).toBeGreaterThan(0);
  });

  it('finishes what is under way before it closes', async () => {
    const prefix = randomUUID();
    const state = await open(prefix);
    const writes = Array.from({ length: 50 }, (_, n) =>
      state.write([{ kind: 'put', key: `{${n}}`, value: bytes(`${n}`) }]),
    );
    await state.close();
    expect((await Promise.all(writes)).flat().length).toBe(50);
  });
});

/** What a process of its own got of the work that several want at once. */
async function claimsOfProcess(prefix: string): Promise<readonly string[]> {
  const child = spawn(
    process.execPath,
    [
      '--no-warnings',
      '--conditions=spillway-source',
      '--experimental-transform-types',
      '--import',
      new URL('../../../tools/from-source.mjs', import.meta.url).href,
      new URL('./testing/claimer-process.ts', import.meta.url).pathname,
      url,
      prefix,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) lines.push(line);
  return lines;
}
