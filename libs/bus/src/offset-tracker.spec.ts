import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OffsetTracker } from './offset-tracker.js';

describe('offset tracker', () => {
  it.each<[string, readonly number[], readonly number[], number]>([
    ['nothing taken in', [], [], 5],
    ['all under way', [5, 6, 7], [], 5],
    ['the first is done', [5, 6, 7], [5], 6],
    ['a later one is done', [5, 6, 7], [6, 7], 5],
    ['everything is done', [5, 6, 7], [7, 5, 6], 8],
    ['gaps are passed over', [7, 9, 20], [7], 9],
  ])('commits right when %s', (_, added, done, committable) => {
    const tracker = new OffsetTracker(5);
    for (const offset of added) tracker.add(offset, offset);
    for (const offset of done) tracker.done(offset);
    expect(tracker.committable()).toBe(committable);
    expect(tracker.unsaved()).toBe(committable === 5 ? undefined : committable);
  });

  it('asks for a commit until it is saved', () => {
    const tracker = new OffsetTracker(0);
    tracker.add(0, 'a');
    tracker.done(0);
    expect(tracker.unsaved()).toBe(1);
    expect(tracker.unsaved()).toBe(1);
    tracker.saved(1);
    expect(tracker.unsaved()).toBeUndefined();
    tracker.saved(0);
    expect(tracker.unsaved()).toBeUndefined();
  });

  it('passes over what is not to come, but never over what is unfinished', () => {
    const tracker = new OffsetTracker(0);
    tracker.add(3, 'a');
    tracker.advance(10);
    expect(tracker.committable()).toBe(3);
    tracker.done(3);
    expect(tracker.committable()).toBe(10);
    tracker.advance(7);
    expect(tracker.committable()).toBe(10);
  });

  it('refuses an offset that was passed', () => {
    const tracker = new OffsetTracker(0);
    tracker.add(3, 'a');
    expect(() => tracker.add(3, 'a')).toThrow(RangeError);
  });

  it('never commits past an unfinished record, never goes back, and in the end has everything', () => {
    const schedules = fc.record({
      gaps: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 60 }),
      seed: fc.infiniteStream(fc.nat()),
    });
    fc.assert(
      fc.property(schedules, ({ gaps, seed }) => {
        const tracker = new OffsetTracker<number>(0);
        const unfinished: number[] = [];
        let next = -1;
        let highest = 0;
        const toAdd = [...gaps];
        const choose = () => seed.next().value as number;
        while (toAdd.length > 0 || unfinished.length > 0) {
          if (toAdd.length > 0 && (unfinished.length === 0 || choose() % 2 === 0)) {
            next += toAdd.pop() as number;
            tracker.add(next, next);
            unfinished.push(next);
          } else {
            const [offset] = unfinished.splice(choose() % unfinished.length, 1) as [number];
            tracker.done(offset);
          }
          const committable = tracker.committable();
          expect(committable).toBeLessThanOrEqual(Math.min(next + 1, ...unfinished));
          expect(committable).toBeGreaterThanOrEqual(highest);
          expect([...tracker.unfinished()]).toEqual(unfinished.toSorted((one, other) => one - other));
          expect(tracker.pending).toBe(unfinished.length);
          highest = committable;
        }
        expect(tracker.committable()).toBe(next + 1);
      }),
    );
  });
});
