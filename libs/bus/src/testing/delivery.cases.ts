import { expect, it } from 'vitest';
import type { BusRecord } from '../bus.js';
import { event, eventually, gate, numbers, type Stage, textOf } from './harness.js';

export function deliveryCases(stage: () => Stage): void {
  it('gives only what was subscribed to', async () => {
    const { bus: open, read, topic, otherTopic } = stage();
    const bus = await open();
    const reading = await read(bus);
    await bus.publish([event(otherTopic, 'k', 'not mine'), event(topic, 'k', 'mine')]);
    await eventually(() => expect(reading.seen).toEqual(['mine']));
  });

  it('delivers a rejected record again, and other keys meanwhile', async () => {
    const { bus: open, read, topic } = stage();
    const bus = await open();
    const mended = gate();
    const tries: BusRecord[] = [];
    const reading = await read(bus, {
      async handle(record) {
        if (record.key !== 'sick') return [];
        tries.push(record);
        if (tries.length < 3) throw new Error('not yet');
        await mended.opened;
        return [];
      },
    });
    await bus.publish([event(topic, 'sick', 'a'), event(topic, 'sick', 'b')]);
    await bus.publish(numbers(50).map((n) => event(topic, n, n)));
    await eventually(() => expect(reading.seen.length).toBe(50));
    await eventually(() => expect(tries.length).toBe(3));
    expect(new Set(tries.map(({ partition, offset }) => `${partition}/${offset}`)).size).toBe(1);
    mended.open();
    await eventually(() => expect(reading.seen.slice(50)).toEqual(['a', 'b']));
  });

  it('delivers both records when an id is published twice', async () => {
    const { bus: open, read, topic } = stage();
    const bus = await open();
    const reading = await read(bus);
    await bus.publish([event(topic, 'k', 'x')]);
    await bus.publish([event(topic, 'k', 'x')]);
    await eventually(() => expect(reading.seen).toEqual(['x', 'x']));
  });

  it('publishes what a handler returns', async () => {
    const { bus: open, read, topic, otherTopic } = stage();
    const bus = await open();
    await read(bus, {
      handle: async (record) => [event(otherTopic, record.key, `${textOf(record)} seen`)],
    });
    const outputs = await read(bus, { group: `next-${topic}`, topics: [otherTopic] });
    await bus.publish([event(topic, 'k', 'a'), event(topic, 'k', 'b')]);
    await eventually(() => expect(outputs.seen).toEqual(['a seen', 'b seen']));
  });

  it('shows a tail what is published from now on, and no more once it is ended', async () => {
    const { bus: open, topic, otherTopic } = stage();
    const bus = await open();
    await bus.publish([event(topic, 'k', 'before')]);
    const seen: string[] = [];
    const end = await bus.tail([topic, otherTopic], (record) => seen.push(textOf(record)));
    await bus.publish([event(topic, 'k', 'one'), event(topic, 'k', 'two')]);
    await bus.publish([event(otherTopic, 'k', 'three')]);
    await eventually(() => expect([...seen].sort()).toEqual(['one', 'three', 'two']));
    await end();
    await bus.publish([event(topic, 'k', 'after')]);
    const reading = await stage().read(bus, { topics: [topic] });
    await eventually(() => expect(reading.seen).toContain('after'));
    expect(seen).not.toContain('after');
  });

  it('goes on when one that looks throws', async () => {
    const { bus: open, read, topic } = stage();
    const bus = await open();
    const reading = await read(bus);
    const looked: string[] = [];
    await bus.tail([topic], (record) => {
      looked.push(textOf(record));
      throw new Error('look away');
    });
    await bus.publish([event(topic, 'k', 'a'), event(topic, 'k', 'b')]);
    await eventually(() =>
      expect([reading.seen, looked]).toEqual([
        ['a', 'b'],
        ['a', 'b'],
      ]),
    );
  });

  it('delivers everything, in order, to a group that cannot keep up', async () => {
    const { bus: open, read, topic } = stage();
    const bus = await open();
    const slow = await read(bus, {
      slots: 2,
      handle: () => new Promise((resolve) => setImmediate(resolve, [])),
    });
    for (let batch = 0; batch < 20; batch += 1) {
      await bus.publish(numbers(100).map((n) => event(topic, 'k', `${batch * 100 + Number(n)}`)));
    }
    await eventually(() => expect(slow.seen.length).toBe(2_000));
    expect(slow.seen).toEqual(numbers(2_000));
    await eventually(() => expect(slow.health().lag).toBe(0));
  });

  it('rejects only with a Fault', async () => {
    const { bus: open, topic } = stage();
    const bus = await open();
    await bus.close();
    await expect(bus.publish([event(topic, 'k', 'x')])).rejects.toMatchObject({ name: 'Fault' });
  });
}
