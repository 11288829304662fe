import { Fault } from '@spillway/contracts/fault';
import { expect, it } from 'vitest';
import { NOT_BEFORE } from '../bus.js';
import { event, eventually, numbers, type Stage, textOf } from './harness.js';

/** Milliseconds that a timer may fire early by the clock of the system. */
const EARLY_MS = 2;

const notBefore = (at: number | string) => ({ headers: { [NOT_BEFORE]: `${at}` } });

export function delayCases(stage: () => Stage): void {
  it('hands a record over at its moment, and what comes after it, or is due earlier, before', async () => {
    const { bus: open, read, topic } = stage();
    const bus = await open();
    const handledAt = new Map<string, number>();
    const reading = await read(bus, {
      slots: 1,
      async handle(record) {
        handledAt.set(textOf(record), Date.now());
        return [];
      },
    });
    await bus.publish([event(topic, 'k', 'first')]);
    await eventually(() => expect(reading.seen).toEqual(['first']));
    const [soon, late] = [Date.now() + 500, Date.now() + 3_000];
    await bus.publish([
      event(topic, 'k', 'late', notBefore(late)),
      event(topic, 'k', 'soon', notBefore(soon)),
      event(topic, 'k', 'now'),
    ]);
    await eventually(() => expect(reading.seen).toEqual(['first', 'now']));
    await eventually(() => expect(reading.seen).toEqual(['first', 'now', 'soon']));
    // It has lain there for long, and nobody is late.
    expect(reading.health()).toMatchObject({ lag: 1, inFlight: 0, oldestAgeMs: 0 });
    await eventually(() => expect(reading.seen).toEqual(['first', 'now', 'soon', 'late']));
    expect(handledAt.get('soon')).toBeGreaterThanOrEqual(soon - EARLY_MS);
    expect(handledAt.get('late')).toBeGreaterThanOrEqual(late - EARLY_MS);
    await eventually(() => expect(reading.health().lag).toBe(0));
  });

  it('reads on while more wait for their moment than it would hold of others', async () => {
    const { bus: open, read, topic } = stage();
    const bus = await open();
    const reading = await read(bus, { slots: 2 });
    const late = notBefore(Date.now() + 600_000);
    await bus.publish(numbers(3_000).map((n) => event(topic, 'k', n, late)));
    await bus.publish([event(topic, 'k', 'now')]);
    await eventually(() => expect(reading.seen).toEqual(['now']));
  });

  it('has a record wait for its moment over a restart', async () => {
    const { bus: open, reopen, read, topic } = stage();
    const before = await open();
    const first = await read(before);
    const at = Date.now() + 2_000;
    await before.publish([event(topic, 'k', 'late', notBefore(at)), event(topic, 'k', 'now')]);
    await eventually(() => expect(first.seen).toEqual(['now']));
    await first.drain(1_000);
    let handledAt = 0;
    const second = await read(await reopen(), {
      async handle() {
        handledAt = Date.now();
        return [];
      },
    });
    await eventually(() => expect(second.seen).toContain('late'));
    expect(handledAt).toBeGreaterThanOrEqual(at - EARLY_MS);
  });

  it.each([
    ['has passed', `${Date.now() - 10_000}`],
    ['is none', 'tomorrow'],
  ])('hands a record over at once whose moment %s', async (_, at) => {
    const { bus: open, read, topic } = stage();
    const bus = await open();
    const reading = await read(bus);
    await bus.publish([event(topic, 'k', 'a', notBefore(at)), event(topic, 'k', 'b')]);
    await eventually(() => expect(reading.seen).toEqual(['a', 'b']));
  });

  it('waits as long as a rejection asks for, with the key held and the slot given back', async () => {
    const { bus: open, read, topic } = stage();
    const bus = await open();
    const tries: number[] = [];
    const reading = await read(bus, {
      slots: 1,
      async handle(record) {
        if (textOf(record) !== 'sick') return [];
        tries.push(Date.now());
        if (tries.length === 1) throw new Fault('unknown', 'later', { retryAfterMs: 700 });
        return [];
      },
    });
    await bus.publish([
      event(topic, 'k', 'sick'),
      event(topic, 'k', 'behind'),
      event(topic, 'other', 'well'),
    ]);
    await eventually(() => expect(reading.seen).toEqual(['well']));
    expect(reading.health().oldestAgeMs).toBeLessThan(700);
    await eventually(() => expect(reading.seen).toEqual(['well', 'sick', 'behind']));
    const [first = 0, second = 0] = tries;
    expect(second - first).toBeGreaterThanOrEqual(700 - EARLY_MS);
  });
}
