import { expect, it } from 'vitest';
import { event, eventually, gate, numbers, type Stage, textOf } from './harness.js';

export function shutdownCases(stage: () => Stage): void {
  it('lets what is in flight finish, and takes nothing new', async () => {
    const { bus: open, read, topic } = stage();
    const bus = await open();
    const started = gate();
    const finish = gate();
    const reading = await read(bus, {
      slots: 1,
      handle() {
        started.open();
        return finish.opened.then(() => []);
      },
    });
    await bus.publish([event(topic, 'first', 'first'), event(topic, 'first', 'waits')]);
    await started.opened;
    const drained = reading.drain(10_000);
    await bus.publish(numbers(8).map((n) => event(topic, n, n)));
    finish.open();
    await drained;
    expect(reading.seen).toEqual(['first']);
    expect(reading.health()).toMatchObject({ inFlight: 0, alive: false });
    const next = await read(bus);
    await eventually(() => expect([...next.seen].sort()).toEqual([...numbers(8), 'waits']));
  });

  it('keeps a backlog that it has not come to', async () => {
    const { bus: open, read, topic } = stage();
    const bus = await open();
    for (const key of numbers(8)) {
      await bus.publish(numbers(250).map((n) => event(topic, key, `${key}/${n}`)));
    }
    const some = gate();
    let handled = 0;
    const first = await read(bus, {
      slots: 2,
      async handle() {
        handled += 1;
        if (handled === 100) some.open();
        await new Promise(setImmediate);
        return [];
      },
    });
    await some.opened;
    await first.drain(10_000);
    const second = await read(bus);
    await eventually(() => expect(new Set([...first.seen, ...second.seen]).size).toBe(2_000));
    expect(first.seen.length).toBeLessThan(2_000);
  });

  it('delivers nothing again after a close that interrupted nothing', async () => {
    const { bus: open, reopen, read, topic } = stage();
    const before = await open();
    const first = await read(before, {
      order: 'none',
      async handle(record) {
        for (let turn = Number(textOf(record)) % 5; turn > 0; turn -= 1) await new Promise(setImmediate);
        return [];
      },
    });
    await before.publish(numbers(200).map((n) => event(topic, n, n)));
    await eventually(() => expect([first.seen.length, first.health().lag]).toEqual([200, 0]));
    const after = await reopen();
    const second = await read(after);
    const news = numbers(20).map((n) => `new ${n}`);
    await after.publish(news.map((text, n) => event(topic, `${n}`, text)));
    await eventually(() => {
      expect(second.seen.length).toBeGreaterThanOrEqual(20);
      expect(second.health().lag).toBe(0);
    });
    expect([...second.seen].sort()).toEqual(news.sort());
  });

  it('aborts what does not finish in time', async () => {
    const { bus: open, read, topic } = stage();
    const bus = await open();
    const started = gate();
    const aborted = gate();
    const reading = await read(bus, {
      async handle(_, signal) {
        signal.addEventListener('abort', aborted.open);
        started.open();
        await aborted.opened;
        throw signal.reason;
      },
    });
    await bus.publish([event(topic, 'k', 'x')]);
    await started.opened;
    await reading.drain(5);
    await aborted.opened;
    expect(reading.seen).toEqual([]);
  });

  it('gives less time when it is asked again', async () => {
    const { bus: open, read, topic } = stage();
    const bus = await open();
    const started = gate();
    const reading = await read(bus, {
      handle(_, signal) {
        started.open();
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        });
      },
    });
    await bus.publish([event(topic, 'k', 'x')]);
    await started.opened;
    const drained = reading.drain(600_000);
    await Promise.all([reading.drain(5), drained]);
    expect(reading.seen).toEqual([]);
  });

  it('drains once, however often it is asked', async () => {
    const { bus: open, read, topic } = stage();
    const bus = await open();
    const reading = await read(bus);
    await bus.publish([event(topic, 'k', 'x')]);
    await eventually(() => expect(reading.seen).toEqual(['x']));
    await Promise.all([reading.drain(100), reading.drain(100)]);
    await reading.drain(100);
  });

  it('closes once, however often it is asked, and drains what was not', async () => {
    const { bus: open, read } = stage();
    const bus = await open();
    const reading = await read(bus);
    await Promise.all([bus.close(), bus.close()]);
    expect(reading.health().alive).toBe(false);
  });
}
