import { expect, it } from 'vitest';
import { event, numbers, type Stage, textOf } from './harness.js';

export function scanCases(stage: () => Stage): void {
  it('hands over what lies on the topics now, oldest first, and leaves groups alone', async () => {
    const { bus: open, topic, otherTopic } = stage();
    const bus = await open();
    await bus.publish(numbers(1_200).map((n) => event(topic, 'k', n)));
    await bus.publish([event(otherTopic, 'k', 'not mine')]);
    const seen: string[] = [];
    await bus.scan([topic], async (records) => {
      if (seen.length === 0) await bus.publish([event(topic, 'k', 'new')]);
      seen.push(...records.map(textOf));
      return true;
    });
    expect(seen).toEqual(numbers(1_200));
  });

  it('finds nothing on topics that are empty', async () => {
    const { bus: open, topic, otherTopic } = stage();
    const bus = await open();
    let looks = 0;
    await bus.scan([topic, otherTopic], async () => {
      looks += 1;
      return true;
    });
    expect(looks).toBe(0);
  });

  it('ends when who looks has seen enough', async () => {
    const { bus: open, topic, otherTopic } = stage();
    const bus = await open();
    for (const batch of numbers(3)) await bus.publish(numbers(600).map((n) => event(topic, batch, n)));
    await bus.publish([event(otherTopic, 'k', 'x')]);
    let looks = 0;
    await bus.scan([topic, otherTopic], async () => {
      looks += 1;
      return false;
    });
    expect(looks).toBe(1);
  });

  it('throws what who looks throws', async () => {
    const { bus: open, topic } = stage();
    const bus = await open();
    await bus.publish([event(topic, 'k', 'x')]);
    const failing = bus.scan([topic], () => Promise.reject(new RangeError('not this')));
    await expect(failing).rejects.toThrow(new RangeError('not this'));
  });
}
