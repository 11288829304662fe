import { expect, it } from 'vitest';
import { type Capabilities, event, eventually, gate, numbers, type Stage } from './harness.js';

export function groupCases(stage: () => Stage, { members }: Capabilities): void {
  it('gives each group each record', async () => {
    const { bus: open, read, topic } = stage();
    const bus = await open();
    const first = await read(bus);
    const second = await read(bus, { group: `another-${topic}` });
    await bus.publish(numbers(20).map((n) => event(topic, n, n)));
    await eventually(() => expect([first.seen.length, second.seen.length]).toEqual([20, 20]));
    expect(new Set(first.seen)).toEqual(new Set(second.seen));
  });

  it('reads from the beginning in a group that starts later', async () => {
    const { bus: open, read, topic } = stage();
    const bus = await open();
    await bus.publish(numbers(20).map((n) => event(topic, 'k', n)));
    const late = await read(bus);
    await eventually(() => expect(late.seen).toEqual(numbers(20)));
  });

  it('has several members in a group, or refuses the second one', async () => {
    const { bus: open, read, topic } = stage();
    const bus = await open();
    const first = await read(bus);
    if (members === 'one') {
      await expect(read(bus)).rejects.toMatchObject({ name: 'Fault', code: 'rejected' });
      await first.drain(100);
      await read(bus);
      return;
    }
    const second = await read(bus);
    await bus.publish(numbers(100).map((n) => event(topic, n, n)));
    await eventually(() => expect(new Set([...first.seen, ...second.seen]).size).toBe(100));
    expect(Math.min(first.seen.length, second.seen.length)).toBeGreaterThan(0);
  });

  it('says how far a group is', async () => {
    const { bus: open, read, topic, group } = stage();
    const bus = await open();
    const finish = gate();
    const reading = await read(bus, { slots: 2, handle: () => finish.opened.then(() => []) });
    expect(reading.health()).toMatchObject({ group, lag: 0, inFlight: 0, oldestAgeMs: 0, alive: true });
    expect(reading.health()).toMatchObject({ partitions: expect.any(Number), paused: 0, assignments: 1 });
    expect(reading.health().partitions).toBeGreaterThan(0);
    await bus.publish(numbers(5).map((n) => event(topic, n, n)));
    await eventually(() => expect(reading.health()).toMatchObject({ lag: 5, inFlight: 2 }));
    await eventually(() => expect(reading.health().oldestAgeMs).toBeGreaterThan(0));
    finish.open();
    await eventually(() => expect(reading.health()).toMatchObject({ lag: 0, inFlight: 0, oldestAgeMs: 0 }));
  });
}
