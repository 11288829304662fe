import { expect, it } from 'vitest';
import { event, eventually, gate, numbers, type Stage, textOf } from './harness.js';

export function orderCases(stage: () => Stage): void {
  it('runs the records of one key one after the other, in the order of their publication', async () => {
    const { bus: open, read, topic } = stage();
    const bus = await open();
    const running = new Set<string>();
    let overlaps = 0;
    const byKey = new Map<string, string[]>();
    const reading = await read(bus, {
      async handle(record) {
        if (running.has(record.key)) overlaps += 1;
        running.add(record.key);
        for (let turns = record.offset % 4; turns > 0; turns -= 1) await new Promise(setImmediate);
        running.delete(record.key);
        byKey.set(record.key, [...(byKey.get(record.key) ?? []), textOf(record)]);
        return [];
      },
    });
    const keys = numbers(10);
    for (const round of numbers(10)) await bus.publish(keys.map((key) => event(topic, key, round)));
    await eventually(() => expect(reading.seen.length).toBe(100));
    expect(overlaps).toBe(0);
    for (const key of keys) expect(byKey.get(key)).toEqual(numbers(10));
  });

  it('keeps the order of many events of one call', async () => {
    const { bus: open, read, topic } = stage();
    const bus = await open();
    const reading = await read(bus);
    await bus.publish(numbers(500).map((n) => event(topic, 'k', n)));
    await eventually(() => expect(reading.seen.length).toBe(500));
    expect(reading.seen).toEqual(numbers(500));
  });

  it('keeps the order of calls that do not wait for each other', async () => {
    const { bus: open, read, topic } = stage();
    const bus = await open();
    const reading = await read(bus);
    await Promise.all(numbers(100).map((n) => bus.publish([event(topic, 'k', n)])));
    await eventually(() => expect(reading.seen.length).toBe(100));
    expect(reading.seen).toEqual(numbers(100));
  });

  it('puts a key into one partition', async () => {
    const { bus: open, read, topic } = stage();
    const bus = await open();
    const places = new Map<string, Set<number>>();
    const reading = await read(bus, {
      async handle({ key, partition }) {
        places.set(key, (places.get(key) ?? new Set()).add(partition));
        return [];
      },
    });
    await bus.publish(numbers(3).flatMap(() => numbers(20).map((key) => event(topic, key, key))));
    await eventually(() => expect(reading.seen.length).toBe(60));
    for (const partitions of places.values()) expect(partitions.size).toBe(1);
  });

  it.each([
    ['of different keys, up to the slots', 'key', (n: string) => n],
    ['of one key where no order is asked for, up to the slots', 'none', () => 'k'],
  ] as const)('runs records at once %s', async (_, order, keyOf) => {
    const { bus: open, read, topic } = stage();
    const bus = await open();
    const finish = gate();
    let running = 0;
    let most = 0;
    const reading = await read(bus, {
      slots: 8,
      order,
      async handle() {
        running += 1;
        most = Math.max(most, running);
        await finish.opened;
        running -= 1;
        return [];
      },
    });
    await bus.publish(numbers(40).map((n) => event(topic, keyOf(n), n)));
    await eventually(() => expect(running).toBe(8));
    finish.open();
    await eventually(() => expect(reading.seen.length).toBe(40));
    expect(most).toBe(8);
  });
}
