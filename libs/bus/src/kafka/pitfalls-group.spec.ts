import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '@spillway/contracts/fault';
import { configureLogs } from '@spillway/telemetry/logger';
import { describe, expect, inject, it } from 'vitest';
import type { BusRecord } from '../bus.js';
import { event, eventually, gate, numbers, textOf } from '../testing/harness.js';
import { kafkaStage } from '../testing/kafka-stage.js';

configureLogs({ level: 'silent' });

/** Times so short that a case can outlast them, and long enough for a machine that is busy. */
const timings = { sessionTimeoutMs: 4_000, heartbeatMs: 300, rebalanceTimeoutMs: 6_000 };

describe('a member of a group on a real broker', { timeout: 60_000 }, () => {
  const stage = kafkaStage(inject('kafkaBrokers'));

  it('auto-resolve at shutdown: commits what is done, and not what was merely fetched', async () => {
    const topic = await stage.topic(1);
    const bus = await stage.bus();
    await bus.publish(numbers(200).map((n) => event(topic, 'k', n)));
    const some = gate();
    const first = await stage.read(bus, topic, {
      slots: 1,
      async handle(record) {
        if (textOf(record) === '20') some.open();
        return [];
      },
    });
    await some.opened;
    await first.drain(5_000);
    expect(first.seen.length).toBeLessThan(200);
    expect(await stage.committed(topic)).toEqual([first.seen.length]);
    const second = await stage.read(bus, topic);
    await eventually(() => expect([...first.seen, ...second.seen]).toEqual(numbers(200)));
  });

  it('all paused and handler > session timeout: stays in its group', async () => {
    const topic = await stage.topic(2);
    const bus = await stage.bus({ timings, subscription: { records: 4 } });
    const runs: string[] = [];
    const finish = gate();
    const reading = await stage.read(bus, topic, {
      slots: 1,
      async handle(record) {
        runs.push(textOf(record));
        await finish.opened;
        return [];
      },
    });
    await bus.publish(numbers(20).map((n) => event(topic, n, n)));
    await eventually(() => expect(runs.length).toBe(1));
    // The case is about time that passes: more than the broker would wait for.
    await sleep(1.5 * timings.sessionTimeoutMs);
    expect(reading.health()).toMatchObject({ inFlight: 1, alive: true, partitions: 2, paused: 2 });
    expect((await stage.admin.describeGroups([`group-${topic}`])).groups[0]?.members.length).toBe(1);
    finish.open();
    await eventually(() => expect(reading.health().lag).toBe(0));
    expect([...runs].sort()).toEqual([...numbers(20)].sort());
  });

  it('sync CPU > heartbeat: a handler that blocks the process costs nothing but time', async () => {
    const topic = await stage.topic(1);
    const bus = await stage.bus({ timings: { heartbeatMs: 200, sessionTimeoutMs: 6_000 } });
    const reading = await stage.read(bus, topic, {
      async handle() {
        const until = performance.now() + 500;
        while (performance.now() < until);
        return [];
      },
    });
    await bus.publish(numbers(4).map((n) => event(topic, n, n)));
    await eventually(() => expect([...reading.seen].sort()).toEqual(numbers(4)));
    await eventually(async () => expect(await stage.committed(topic)).toEqual([4]));
    expect(reading.seen.length).toBe(4);
  });

  it('resume latency: reads on soon after it was paused, not after the five seconds of kafkajs', async () => {
    const topic = await stage.topic(1);
    const bus = await stage.bus({ subscription: { records: 8 } });
    const finish = gate();
    const started: number[] = [];
    const reading = await stage.read(bus, topic, {
      slots: 2,
      async handle() {
        started.push(performance.now());
        await finish.opened;
        return [];
      },
    });
    await bus.publish(numbers(8).map((n) => event(topic, n, n)));
    await eventually(() => expect(reading.health().lag).toBe(8));
    // Eight are all that is held: these are read only once the partition is resumed.
    await bus.publish(numbers(8).map((n) => event(topic, `later ${n}`, n)));
    const resumedAt = performance.now();
    finish.open();
    await eventually(() => expect(reading.seen.length).toBe(16));
    expect((started.at(-1) ?? 0) - resumedAt).toBeLessThan(3_000);
  });

  it('throw escaping eachBatch: a handler that throws at once is delivered again, and nobody leaves', async () => {
    const topic = await stage.topic(1);
    const bus = await stage.bus();
    let tries = 0;
    const reading = await stage.read(bus, topic, {
      handle() {
        tries += 1;
        if (tries < 4) throw new Error('at once');
        return Promise.resolve([]);
      },
    });
    const { groups } = await stage.admin.describeGroups([`group-${topic}`]);
    await bus.publish([event(topic, 'k', 'x')]);
    await eventually(() => expect(reading.seen).toEqual(['x']));
    const after = await stage.admin.describeGroups([`group-${topic}`]);
    expect(after.groups[0]?.members[0]?.memberId).toBe(groups[0]?.members[0]?.memberId);
  });

  it('Redis down: an outage stops intake, tries one record at a time, and loses nothing', async () => {
    const topic = await stage.topic(2);
    const bus = await stage.bus();
    let isDown = true;
    let tries = 0;
    const reading = await stage.read(bus, topic, {
      async handle() {
        tries += 1;
        await new Promise(setImmediate);
        if (isDown) throw new Fault('unavailable', 'no answer');
        return [];
      },
    });
    await bus.publish(numbers(500).map((n) => event(topic, n, n)));
    await eventually(() => expect(tries).toBeGreaterThan(19));
    expect(tries).toBeLessThan(40);
    expect(reading.health()).toMatchObject({ alive: true });
    expect((await stage.committed(topic)).every((offset) => offset <= 0)).toBe(true);
    isDown = false;
    await eventually(() => expect([reading.seen.length, reading.health().lag]).toEqual([500, 0]));
  });

  it('a member that comes, and one that goes, take over without loss, out of order or twice', async () => {
    const topic = await stage.topic(6);
    const bus = await stage.bus();
    const running = new Set<string>();
    let overlaps = 0;
    const handle = async ({ key }: BusRecord) => {
      if (running.has(key)) overlaps += 1;
      running.add(key);
      await sleep(25);
      running.delete(key);
      return [];
    };
    const slots = 8;
    const first = await stage.read(bus, topic, { slots, handle });
    for (const n of numbers(20))
      await bus.publish(numbers(40).map((key) => event(topic, key, `${key}/${n}`)));
    const second = await stage.read(bus, topic, { slots, handle });
    await eventually(() => expect(second.seen.length).toBeGreaterThan(50));
    await second.drain(5_000);
    await eventually(() => expect(new Set([...first.seen, ...second.seen]).size).toBe(800));
    await eventually(() => expect(first.health().lag).toBe(0));
    // At most what was in flight in the partitions that went over runs twice.
    expect(first.seen.length + second.seen.length - 800).toBeLessThanOrEqual(2 * slots);
    expect(overlaps).toBeLessThanOrEqual(2 * slots);
  });

  it('stopped while it joins: takes no partition of those who are there', async () => {
    const topic = await stage.topic(2);
    const hasty = await stage.bus({ timings: { joinMs: 1 } });
    await expect(stage.read(hasty, topic)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('was not joined within 1 ms'),
    });
    const bus = await stage.bus();
    const reader = await stage.read(bus, topic);
    await bus.publish(numbers(20).map((n) => event(topic, n, n)));
    await eventually(() => expect(reader.seen.length).toBe(20));
  });

  it('takes over at a farewell, and does not wait for the session to end', async () => {
    const topic = await stage.topic(2);
    const bus = await stage.bus();
    const first = await stage.read(bus, topic);
    const second = await stage.read(bus, topic);
    await second.drain(1_000);
    const leftAt = performance.now();
    await bus.publish(numbers(20).map((n) => event(topic, n, n)));
    await eventually(() => expect(first.seen.length).toBe(20));
    expect(performance.now() - leftAt).toBeLessThan(8_000);
  });
});
