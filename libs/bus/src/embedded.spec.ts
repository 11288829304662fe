import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '@spillway/sqlite/database';
import { configureLogs } from '@spillway/telemetry/logger';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import type { Bus, BusRecord, RecordHandler } from './bus.js';
import { type EmbeddedBusOptions, openEmbeddedBus } from './embedded.js';
import { migrations } from './embedded-log.js';
import { busContract } from './testing/bus.contract.js';
import { event, eventually, gate, numbers, textOf } from './testing/harness.js';

configureLogs({ level: 'silent' });
const folder = mkdtempSync(join(tmpdir(), 'spillway-bus-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

busContract('embedded', async (place) => openEmbeddedBus({ path: join(folder, place, 'bus.db') }), {
  members: 'one',
});

/** A handler that only notes. */
const noting =
  <T>(notes: T[], noteOf: (record: BusRecord) => T): RecordHandler =>
  async (record) => {
    notes.push(noteOf(record));
    return [];
  };

const open: Bus[] = [];
afterEach(async () => {
  for (const bus of open.splice(0)) await bus.close();
});

const newPath = (): string => join(folder, randomUUID(), 'bus.db');
function bus(path: string, options: Partial<EmbeddedBusOptions> = {}): Bus {
  const made = openEmbeddedBus({ path, ...options });
  open.push(made);
  return made;
}

/** The files as a `kill -9` at this moment would leave them: what was written stays, nothing is closed. */
function crashImage(path: string): string {
  const image = newPath();
  cpSync(join(path, '..'), join(image, '..'), { recursive: true });
  return image;
}

describe('embedded bus', () => {
  it('has after a crash whatever publish resolved for', async () => {
    const path = newPath();
    const before = bus(path);
    for (const n of numbers(20)) {
      await before.publish([event('t', 'k', n)]);
      const after = bus(crashImage(path));
      const seen: string[] = [];
      const subscription = await after.subscribe({
        group: 'g',
        topics: ['t'],
        slots: 1,
        order: 'key',
        handle: noting(seen, textOf),
      });
      await eventually(() => expect(seen).toEqual(numbers(Number(n) + 1)));
      await subscription.drain(100);
    }
  });

  it('delivers again after a crash only what was not committed', async () => {
    const path = newPath();
    const before = bus(path, { commitMs: 1 });
    const stuck = gate();
    const done: string[] = [];
    await before.subscribe({
      group: 'g',
      topics: ['t'],
      slots: 4,
      order: 'none',
      async handle(record) {
        if (textOf(record) === '15') await stuck.opened;
        done.push(textOf(record));
        return [];
      },
    });
    await before.publish(numbers(20).map((n) => event('t', 'k', n)));
    await eventually(() => expect(done.length).toBe(19));
    const seen = await eventually(async () => {
      const again: string[] = [];
      const after = bus(crashImage(path));
      const subscription = await after.subscribe({
        group: 'g',
        topics: ['t'],
        slots: 1,
        order: 'key',
        handle: noting(again, textOf),
      });
      await eventually(() => expect(subscription.health().lag).toBe(0));
      expect(again.length).toBeLessThan(20);
      return again;
    });
    expect(seen).toEqual(numbers(20).slice(15));
    stuck.open();
  });

  it('holds no more than its buffer and reads the rest from the file', async () => {
    const slow = bus(newPath(), { buffer: { records: 8, bytes: 1_000_000 } });
    const handled: BusRecord[] = [];
    const started = gate();
    const note = noting(handled, (record) => record);
    const subscription = await slow.subscribe({
      group: 'g',
      topics: ['a', 'b'],
      slots: 3,
      order: 'key',
      handle: (record, signal) => started.opened.then(() => note(record, signal)),
    });
    const sent = numbers(50).map((n) => [
      event('a', n, `a${n}`),
      event('other', n, n),
      event('b', n, `b${n}`),
    ]);
    for (const events of sent) await slow.publish(events);
    expect(subscription.health()).toMatchObject({ lag: 100, inFlight: 3 });
    started.open();
    await eventually(() => expect(subscription.health().lag).toBe(0));
    expect(handled.map(textOf).sort()).toEqual(
      numbers(50)
        .flatMap((n) => [`a${n}`, `b${n}`])
        .sort(),
    );
    const values = new Set(sent.flat().map(({ value }) => value));
    expect(handled.filter(({ value }) => values.has(value)).length).toBe(8);
    const live = event('a', 'k', 'live');
    await slow.publish([live]);
    await eventually(() => expect(handled.at(-1)?.value).toBe(live.value));
  });

  it('has none of the events of a call that failed, and delivers again what they came from', async () => {
    const failing = bus(newPath());
    const seen: string[] = [];
    let tries = 0;
    const subscription = await failing.subscribe({
      group: 'g',
      topics: ['t'],
      slots: 1,
      order: 'key',
      async handle(record) {
        tries += 1;
        const unwritable = { ...event('out', 'k', 'never'), value: 'no bytes' as unknown as Uint8Array };
        return tries === 1
          ? [event('out', 'k', 'half'), unwritable]
          : [event('out', 'k', `${textOf(record)}, try ${tries}`)];
      },
    });
    await failing.publish([event('t', 'k', 'x')]);
    await eventually(() => expect([tries, subscription.health().lag]).toEqual([2, 0]));
    await failing.subscribe({
      group: 'out',
      topics: ['out'],
      slots: 1,
      order: 'key',
      handle: noting(seen, textOf),
    });
    await eventually(() => expect(seen).toEqual(['x, try 2']));
  });

  it('keeps for a group the place that it has passed, also where nothing is for it', async () => {
    const path = newPath();
    const quiet = bus(path, { commitMs: 1, buffer: { records: 8 } });
    const handle = async () => [];
    const options = { slots: 50, order: 'key', handle } as const;
    await quiet.subscribe({ ...options, group: 'idle', topics: ['rare'] });
    await quiet.subscribe({ ...options, group: 'busy', topics: ['often'] });
    await quiet.subscribe({
      ...options,
      group: 'stuck',
      topics: ['often'],
      handle: () => new Promise(() => 0),
    });
    const committed = (group: string, which: 'min' | 'max') => {
      const image = openDatabase(crashImage(path), { migrations, synchronous: 'normal' });
      const row = image.prepare(`SELECT ${which}(offset) AS n FROM offsets WHERE consumer = ?`).get(group);
      image.close();
      return Number(row?.['n']);
    };
    // The first eight are all that the stuck group can hold; in three of its partitions it holds nothing.
    await quiet.publish(numbers(8).map((n) => event('often', 'k', n)));
    await quiet.publish(numbers(18_000).map((n) => event('often', n, n)));
    await eventually(() => expect(committed('idle', 'min')).toBeGreaterThan(10_000));
    await eventually(() => expect(committed('busy', 'min')).toBeGreaterThan(10_000));
    expect(committed('stuck', 'max')).toBe(0);
  });

  it('gives a key that is no text the same form live and from the file', async () => {
    const path = newPath();
    const one = bus(path);
    const keys: string[] = [];
    const options = {
      topics: ['t'],
      slots: 1,
      order: 'key',
      handle: noting(keys, ({ key }) => key),
    } as const;
    await one.subscribe({ ...options, group: 'live' });
    await one.publish([event('t', 'a\ud800b', 'x')]);
    await eventually(() => expect(keys.length).toBe(1));
    await one.subscribe({ ...options, group: 'late' });
    await eventually(() => expect(keys.length).toBe(2));
    expect(keys[0]).toBe(keys[1]);
  });

  it('takes a record that is larger than its buffer', async () => {
    const small = bus(newPath(), { buffer: { records: 8, bytes: 10 } });
    const seen: number[] = [];
    await small.subscribe({
      group: 'g',
      topics: ['t'],
      slots: 3,
      order: 'key',
      handle: noting(seen, (record) => record.value.length),
    });
    await small.publish([1, 2, 3].map((n) => event('t', `${n}`, '', { value: new Uint8Array(1_000 + n) })));
    await eventually(() => expect([...seen].sort()).toEqual([1_001, 1_002, 1_003]));
  });

  it('keeps the partitions of a topic that it knows', async () => {
    const path = newPath();
    const before = bus(path, { partitions: 2 });
    await before.publish(numbers(50).map((n) => event('t', n, n)));
    await before.close();
    const after = bus(path, { partitions: 16 });
    const partitions = new Set<number>();
    const end = await after.tail(['t'], ({ partition }) => partitions.add(partition));
    await after.publish(numbers(50).map((n) => event('t', n, n)));
    await eventually(() => expect([...partitions].sort()).toEqual([0, 1]));
    await end();
  });

  it('refuses a file that another owner holds', () => {
    const path = newPath();
    bus(path);
    expect(() => openEmbeddedBus({ path })).toThrow(expect.objectContaining({ code: 'unavailable' }));
  });
});

describe('retention', () => {
  /** What is left in the file, by topic. */
  async function left(path: string): Promise<Record<string, number>> {
    const database = openDatabase(crashImage(path), { migrations, synchronous: 'normal' });
    const rows = database
      .prepare('SELECT topic, count(*) AS n FROM records JOIN streams ON number = stream GROUP BY topic')
      .all();
    database.close();
    return Object.fromEntries(rows.map((row) => [row['topic'], row['n']]));
  }

  it('deletes what is old and done by every group, and goes on counting', async () => {
    const path = newPath();
    const trimmed = bus(path, { retentionMs: -1_000, trimMs: 5, commitMs: 1 });
    const offsets: number[] = [];
    const blocked = gate();
    const read = (group: string, topics: string[], handle: () => Promise<void>) =>
      trimmed.subscribe({
        group,
        topics,
        slots: 1,
        order: 'key',
        handle: (record) => {
          offsets.push(record.offset);
          return handle().then(() => []);
        },
      });
    await read('quick', ['done', 'held'], async () => undefined);
    await read('slow', ['held'], () => blocked.opened);
    const dead = 'message.received.classifier.dead';
    for (const topic of ['held', 'done', 'unread', dead, 'last']) {
      await trimmed.publish(numbers(5).map((n) => event(topic, 'k', n)));
    }
    await eventually(async () => expect(await left(path)).toEqual({ held: 5, [dead]: 5, last: 1 }));
    const highest = Math.max(...offsets);
    blocked.open();
    await eventually(async () => expect(await left(path)).toEqual({ [dead]: 5, last: 1 }));
    await trimmed.close();
    const after = bus(path);
    const tail = vi.fn();
    await after.tail(['done'], tail);
    await after.publish([event('done', 'k', 'x')]);
    await eventually(() => expect(tail).toHaveBeenCalled());
    expect(tail.mock.calls[0]?.[0].offset).toBeGreaterThan(highest);
  });
});
