import { configureLogs } from '@spillway/telemetry/logger';
import { describe, expect, inject, it } from 'vitest';
import { event, eventually, numbers } from '../testing/harness.js';
import { kafkaStage } from '../testing/kafka-stage.js';

configureLogs({ level: 'silent' });

/** Long beside all that a broker and a busy machine take. */
const fetchEveryMs = 1_000;

describe('the pace of fetches', { timeout: 60_000 }, () => {
  const stage = kafkaStage(inject('kafkaBrokers'));

  it('holds up none of the partitions that one fetch brings', async () => {
    const topic = await stage.topic(8);
    const bus = await stage.bus({ timings: { fetchEveryMs } });
    await bus.publish(numbers(100).map((n) => event(topic, n, n)));
    const partitions = new Map<number, number>();
    await stage.read(bus, topic, {
      slots: 100,
      async handle({ partition }) {
        if (!partitions.has(partition)) partitions.set(partition, performance.now());
        return [];
      },
    });
    await eventually(() => expect(partitions.size).toBe(8));
    const times = [...partitions.values()];
    expect(Math.max(...times) - Math.min(...times)).toBeLessThan(fetchEveryMs);
  });

  it.each([
    ['its pace', { timings: { fetchEveryMs } }, {}],
    ['what the group says', {}, { gatherMs: fetchEveryMs }],
  ])('lets what comes right after a fetch wait for more, by %s', async (_, ofBus, ofGroup) => {
    const topic = await stage.topic(1);
    const bus = await stage.bus(ofBus);
    const times: number[] = [];
    await stage.read(bus, topic, {
      ...ofGroup,
      async handle() {
        times.push(performance.now());
        return times.length === 1 ? [event(topic, 'k', 'second')] : [];
      },
    });
    await bus.publish([event(topic, 'k', 'first')]);
    await eventually(() => expect(times.length).toBe(2));
    // A timer of so many milliseconds may end one earlier.
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(fetchEveryMs - 1);
  });
});
