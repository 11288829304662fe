import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { configureLogs } from '@spillway/telemetry/logger';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { Bus, BusRecord, Subscription } from './bus.js';
import { openEmbeddedBus } from './embedded.js';
import { event, eventually, numbers } from './testing/harness.js';
import { passOn } from './testing/pass-on.js';

configureLogs({ level: 'silent' });
const folder = mkdtempSync(join(tmpdir(), 'spillway-crash-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const newPath = (): string => join(folder, randomUUID(), 'bus.db');

/** Every record of these topics, by topic and id, with how often it stands on the log. */
async function counts(bus: Bus, topics: readonly string[]): Promise<Record<string, Map<string, number>>> {
  const found = Object.fromEntries(topics.map((topic) => [topic, new Map<string, number>()]));
  const subscription = await bus.subscribe({
    group: randomUUID(),
    topics,
    slots: 1_000,
    order: 'none',
    async handle({ topic, id }) {
      found[topic]?.set(id, (found[topic]?.get(id) ?? 0) + 1);
      return [];
    },
  });
  await eventually(() => expect(subscription.health().lag).toBe(0));
  return found;
}

const idle = (subscriptions: readonly Subscription[]): Promise<void> =>
  eventually(() =>
    expect(subscriptions.map((each) => each.health().lag)).toEqual(subscriptions.map(() => 0)),
  );

/** Kills the process once it has so many events acknowledged; gives all that it acknowledged. */
async function killed(path: string, first: number, after: number): Promise<readonly string[]> {
  const child = spawn(
    process.execPath,
    [
      '--no-warnings',
      '--conditions=spillway-source',
      '--experimental-transform-types',
      '--import',
      new URL('../../../tools/from-source.mjs', import.meta.url).href,
      new URL('./testing/pass-on-process.ts', import.meta.url).pathname,
      path,
      `${first}`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exit = once(child, 'exit');
  const acknowledged: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    acknowledged.push(line);
    if (acknowledged.length === after) child.kill('SIGKILL');
  }
  expect(await exit).toEqual([null, 'SIGKILL']);
  return acknowledged;
}

describe('after kill -9', () => {
  it('has every event that it acknowledged, and every output once', async () => {
    const path = newPath();
    const outputs = ['middle', 'middle-copy', 'out', 'out-copy'];
    const acknowledged: string[] = [];
    for (const life of [1, 2, 3, 4]) {
      acknowledged.push(...(await killed(path, life * 1_000_000, 1_500 + life * 333)));
    }
    const bus = openEmbeddedBus({ path });
    await idle(await passOn(bus));
    const found = await counts(bus, ['in', ...outputs]);
    await bus.close();
    const ids = [...(found['in']?.keys() ?? [])].sort();
    expect(acknowledged.filter((id) => !found['in']?.has(id))).toEqual([]);
    for (const topic of outputs) {
      expect([...(found[topic]?.keys() ?? [])].sort()).toEqual(ids);
      expect([...(found[topic] ?? [])].filter(([, count]) => count > 1)).toEqual([]);
    }
  });

  const work = fc.record({
    slots: fc.integer({ min: 1, max: 8 }),
    order: fc.constantFrom('key', 'none'),
    partitions: fc.integer({ min: 1, max: 3 }),
    commitMs: fc.constantFrom(0, 1_000_000),
    buffer: fc.record({ records: fc.integer({ min: 1, max: 20 }) }),
    /** Of each record: turns of the event loop that it takes, and outputs that it has. */
    records: fc.array(fc.record({ turns: fc.nat(12), outputs: fc.nat(3) }), { minLength: 1, maxLength: 30 }),
    /** Outputs that are on the log when the process is killed, the first time and the second time. */
    killedAt: fc.tuple(fc.nat(40), fc.nat(40)),
  });

  it('has every output once, whenever it is killed', async () => {
    await fc.assert(
      fc.asyncProperty(work, async ({ records, killedAt, slots, order, ...options }) => {
        const outputsOf = (n: string): string[] =>
          numbers(records[Number(n)]?.outputs ?? 0).map((m) => `${n}.${m}`);
        const handle = async ({ id, key }: BusRecord) => {
          for (let turn = records[Number(id)]?.turns ?? 0; turn > 0; turn -= 1)
            await new Promise(setImmediate);
          return outputsOf(id).map((output) => event('out', key, output, { id: output }));
        };
        const subscribe = (bus: Bus) => bus.subscribe({ group: 'g', topics: ['in'], slots, order, handle });
        let path = newPath();
        let bus = openEmbeddedBus({ path, ...options });
        await bus.publish(numbers(records.length).map((n) => event('in', `${Number(n) % 5}`, n, { id: n })));
        for (const after of killedAt) {
          const seen: string[] = [];
          await bus.tail(['out'], ({ id }) => seen.push(id));
          const subscription = await subscribe(bus);
          while (seen.length < after && subscription.health().lag > 0) await new Promise(setImmediate);
          const image = newPath();
          cpSync(join(path, '..'), join(image, '..'), { recursive: true });
          await bus.close();
          path = image;
          bus = openEmbeddedBus({ path, ...options });
        }
        const last = await subscribe(bus);
        while (last.health().lag > 0) await new Promise(setImmediate);
        const { out } = await counts(bus, ['out']);
        await bus.close();
        const wanted = numbers(records.length).flatMap(outputsOf).sort();
        expect([...(out ?? [])].sort()).toEqual(wanted.map((id) => [id, 1]));
      }),
      { numRuns: 40 },
    );
  });
});
