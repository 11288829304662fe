import { expect, it } from 'vitest';
import type { BusRecord } from '../bus.js';
import { event, eventually, gate, numbers, type Stage, textOf } from './harness.js';

export function durabilityCases(stage: () => Stage): void {
  it('has what was published before it resolved', async () => {
    const { bus: open, reopen, read, topic } = stage();
    const before = await open();
    await before.publish(numbers(10).map((n) => event(topic, 'k', n)));
    const reading = await read(await reopen());
    await eventually(() => expect(reading.seen).toEqual(numbers(10)));
  });

  it('delivers nothing again that was committed', async () => {
    const { bus: open, reopen, read, topic } = stage();
    const before = await open();
    const first = await read(before);
    await before.publish(numbers(10).map((n) => event(topic, n, n)));
    await eventually(() => expect(first.seen.length).toBe(10));
    await first.drain(1_000);
    const after = await reopen();
    const second = await read(after);
    await after.publish([event(topic, 'k', 'new')]);
    await eventually(() => expect(second.seen).toEqual(['new']));
  });

  it('loses nothing that finished out of order', async () => {
    const { bus: open, reopen, read, topic } = stage();
    const before = await open();
    const first = await read(before, {
      order: 'none',
      handle: (record, signal) => (textOf(record) === '0' ? untilAborted(signal) : Promise.resolve([])),
    });
    await before.publish(numbers(20).map((n) => event(topic, 'k', n)));
    await eventually(() => expect(first.seen.length).toBe(19));
    await first.drain(0);
    const second = await read(await reopen());
    await eventually(() => expect(second.seen).toContain('0'));
  });

  it('has the outputs before the record counts as done', async () => {
    const { bus: open, reopen, read, topic, otherTopic } = stage();
    const before = await open();
    const first = await read(before, {
      handle: async (record) => [event(otherTopic, record.key, textOf(record))],
    });
    await before.publish(numbers(10).map((n) => event(topic, 'k', n)));
    await eventually(() => expect([first.seen.length, first.health().lag]).toEqual([10, 0]));
    await first.drain(1_000);
    const second = await read(await reopen(), { group: `next-${topic}`, topics: [otherTopic] });
    await eventually(() => expect(second.seen).toEqual(numbers(10)));
  });

  it.each<[string, Parameters<typeof event>[3]]>([
    ['an empty value', { value: new Uint8Array() }],
    ['a value of 600 kB', { value: new Uint8Array(600_000).fill(7) }],
    ['bytes that are no text', { value: Uint8Array.of(0, 255, 128, 0) }],
    ['a key in many scripts', { key: 'ключ-鍵-🗝️-ä\u0000b' }],
    ['a long key', { key: 'k'.repeat(5_000) }],
    ['headers', { headers: { traceparent: '00-ab-cd-01', 'x-ünïcode': '✓ "quoted"' } }],
    ['no key', { key: '' }],
  ])('gives back %s, live and from the log', async (_, over) => {
    const { bus: open, read, topic } = stage();
    const bus = await open();
    const got: BusRecord[] = [];
    const keep = {
      async handle(record: BusRecord) {
        got.push(record);
        return [];
      },
    };
    await read(bus, keep);
    const sent = event(topic, 'k', 'x', over);
    await bus.publish([sent]);
    await eventually(() => expect(got.length).toBe(1));
    await read(bus, { ...keep, group: `late-${topic}` });
    await eventually(() => expect(got.length).toBe(2));
    for (const record of got) {
      expect({ ...record, value: Uint8Array.from(record.value) }).toMatchObject({ ...sent });
      expect(record.timestamp).toBeGreaterThan(0);
    }
  });

  it('delivers what was in flight again after the group comes back', async () => {
    const { bus: open, read, topic } = stage();
    const bus = await open();
    const started = gate();
    const first = await read(bus, {
      handle(_, signal) {
        started.open();
        return untilAborted(signal);
      },
    });
    await bus.publish([event(topic, 'k', 'a'), event(topic, 'k', 'b')]);
    await started.opened;
    await first.drain(0);
    const second = await read(bus);
    await eventually(() => expect(second.seen).toEqual(['a', 'b']));
  });
}

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
