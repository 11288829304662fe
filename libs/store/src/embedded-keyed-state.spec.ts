import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openDatabase } from '@spillway/sqlite/database';
import { afterAll, describe, expect, it } from 'vitest';
import { openEmbeddedKeyedState } from './embedded-keyed-state.js';
import { keyedStateContract } from './testing/keyed-state.contract.js';
import { keyedStateMachine } from './testing/keyed-state.machine.js';
import { bytes } from './testing/stage.js';

const folder = mkdtempSync(join(tmpdir(), 'spillway-keyed-state-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let time = 1_700_000_000_000;
const now = () => time;
const open = (place: string) => openEmbeddedKeyedState({ path: join(folder, place, 'state.db'), now });

keyedStateContract('embedded', {
  open: async (place) => open(place),
  pass: async (ms) => {
    time += ms;
  },
  now,
});

keyedStateMachine('embedded', async () => {
  const place = randomUUID();
  let state = open(place);
  return {
    get state() {
      return state;
    },
    now,
    stepMs: 1,
    pass: async (ms) => {
      time += ms;
    },
    async reopen() {
      await state.close();
      state = open(place);
    },
    async close() {
      await state.close();
      rmSync(join(folder, place), { recursive: true });
    },
  };
});

describe('embedded keyed state', () => {
  it('deletes what has expired bit by bit, and nothing else', async () => {
    const place = randomUUID();
    const state = open(place);
    const puts = Array.from({ length: 1_000 }, (_, n) => ({
      kind: 'put' as const,
      key: `{k}:${n}`,
      value: bytes('x'),
      ...(n < 900 ? { ttlMs: 100 } : {}),
    }));
    await state.write(puts);
    await state.complete('{k}:call', await fenceOf(state, '{k}:call'), bytes('x'), 100);
    time += 2_000;
    for (let n = 0; n < 8; n++) await state.write([]);
    await state.close();
    const database = openDatabase(join(folder, place, 'state.db'), {
      migrations: [''],
      synchronous: 'normal',
    });
    const left = (table: string) =>
      (database.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }).n;
    expect([left('entries'), left('claims')]).toEqual([100, 0]);
    database.close();
  });

  it('leaves a claim whose lease is over to an owner who is only slow', async () => {
    const state = open(randomUUID());
    const fence = await fenceOf(state, '{k}:call');
    time += 3_600_000;
    for (let n = 0; n < 3; n++) await state.write([]);
    await state.complete('{k}:call', fence, bytes('late'), 60_000);
    expect(await state.claim('{k}:call', 1)).toMatchObject({ state: 'done' });
    await state.close();
  });

  it('can end the leases of an earlier opening: whoever held them is gone', async () => {
    const path = join(folder, randomUUID(), 'state.db');
    const before = openEmbeddedKeyedState({ path, now, endLeases: true });
    const fence = await fenceOf(before, '{k}:abandoned');
    await before.complete('{k}:done', await fenceOf(before, '{k}:done'), bytes('x'), 60_000);
    expect(await before.claim('{k}:abandoned', 1_000)).toMatchObject({ state: 'busy' });
    await before.close();
    const after = openEmbeddedKeyedState({ path, now, endLeases: true });
    expect(await after.claim('{k}:done', 1_000)).toMatchObject({ state: 'done' });
    const newer = await fenceOf(after, '{k}:abandoned');
    expect(newer).toBeGreaterThan(fence);
    expect(await after.claim('{k}:abandoned', 1_000)).toMatchObject({ state: 'busy' });
    await after.close();
  });

  it('has all that it acknowledged after kill -9, and lets nobody in meanwhile', async () => {
    const path = join(folder, randomUUID(), 'state.db');
    const child = spawn(
      process.execPath,
      [
        '--no-warnings',
        '--conditions=spillway-source',
        '--experimental-transform-types',
        '--import',
        new URL('../../../tools/from-source.mjs', import.meta.url).href,
        new URL('./testing/writer-process.ts', import.meta.url).pathname,
        path,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const acknowledged: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      acknowledged.push(line);
      if (acknowledged.length === 500) {
        expect(() => openEmbeddedKeyedState({ path })).toThrow(
          expect.objectContaining({ code: 'unavailable' }),
        );
        child.kill('SIGKILL');
      }
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(500);
    const state = openEmbeddedKeyedState({ path });
    const armed = new Set((await state.due(Number.MAX_SAFE_INTEGER, 1_000_000)).map(({ key }) => key));
    for (const line of acknowledged) {
      const [writer, n] = line.split(' ');
      expect(await state.get(`{${writer}}:entry:${n}`)).toBeDefined();
      expect(armed).toContain(`{${writer}}:alarm:${n}`);
      expect(await state.claim(`{${writer}}:call:${n}`, 1)).toMatchObject({ state: 'done' });
    }
    await state.close();
  });
});

async function fenceOf(state: ReturnType<typeof open>, key: string): Promise<number> {
  const claim = await state.claim(key, 1_000);
  return claim.state === 'claimed' ? claim.fence : 0;
}
