import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { upperBound } from './binomial.js';
import { ALARM_AT, observe } from './drift.js';
import { seededRandom } from './random.js';
import {
  alarmLevel,
  type ExpectedShares,
  type Levels,
  levelsOf,
  rings,
  UNWATCHED,
  watch,
} from './signals.js';

describe('levelsOf', () => {
  it.each<[string, number, ExpectedShares | undefined, Levels]>([
    ['a certificate that expects nothing', 0.05, undefined, { wrong: 0.05 }],
    ['every other kept answer may be wrong', 0.5, undefined, {}],
    [
      'few rows leave the shares open',
      0.05,
      { rows: 200, belowThreshold: 20, outOfScope: 0 },
      { wrong: 0.05, below_threshold: upperBound(20, 200, 0.01), out_of_scope: upperBound(0, 200, 0.01) },
    ],
    [
      'of many rows a fifth more is too little to matter',
      0.05,
      { rows: 100_000, belowThreshold: 20_000, outOfScope: 1_000 },
      { wrong: 0.05, below_threshold: 0.24, out_of_scope: 0.012 },
    ],
    [
      'a task without such a label',
      0.05,
      { rows: 10_000, belowThreshold: 2_000 },
      { wrong: 0.05, below_threshold: 0.24 },
    ],
    [
      'an endpoint that tells of its labels and its schema',
      0.05,
      { rows: 100_000, belowThreshold: 20_000, outOfScope: 1_000, outsideLabels: 5_000, offSchema: 2_000 },
      { wrong: 0.05, below_threshold: 0.24, out_of_scope: 0.012, outside_labels: 0.06, off_schema: 0.024 },
    ],
    ['most answers are under the threshold', 0.05, { rows: 1_000, belowThreshold: 600 }, { wrong: 0.05 }],
  ])('%s', (_, allowed, expected, want) => {
    const found = levelsOf(allowed, expected);
    expect(Object.keys(found)).toEqual(Object.keys(want));
    for (const [signal, level] of Object.entries(want)) {
      expect(found[signal as keyof Levels]).toBeCloseTo(level, 12);
    }
  });

  it('makes each detector ring later the more there are', () => {
    expect(alarmLevel({ wrong: 0.05 })).toBe(ALARM_AT);
    expect(alarmLevel({ wrong: 0.05, below_threshold: 0.2, out_of_scope: 0.1 })).toBe(3 * ALARM_AT);
  });
});

const shown = fc.array(fc.boolean(), { maxLength: 60 });
const level = fc.double({ min: 0.001, max: 0.49, noNaN: true });

describe('watch', () => {
  it('is the detector, survives JSON, and never counts more than there was', () => {
    fc.assert(
      fc.property(shown, level, (events, at) => {
        let [state, alone] = [UNWATCHED, UNWATCHED.drift];
        for (const [n, wrong] of events.entries()) {
          state = watch(state, { happened: wrong, atMs: n }, at);
          alone = observe(alone, { wrong }, at);
        }
        expect(state.drift).toEqual(alone);
        expect(JSON.parse(JSON.stringify(state))).toEqual(state);
        expect(state.stretch.events).toBeLessThanOrEqual(state.stretch.labels);
        expect(state.stretch.labels).toBeLessThanOrEqual(events.length);
      }),
    );
  });

  it('tells since when, after however long a good time', () => {
    let state = UNWATCHED;
    for (let n = 0; n < 5_000; n += 1) state = watch(state, { happened: n % 20 === 0, atMs: n }, 0.1);
    for (let n = 0; n < 40; n += 1) state = watch(state, { happened: n % 2 === 0, atMs: 5_000 + n }, 0.1);
    expect(state.stretch).toMatchObject({ sinceMs: 5_000, labels: 40, events: 20 });
    for (let n = 0; n < 500; n += 1) state = watch(state, { happened: false, atMs: 6_000 + n }, 0.1);
    expect(state.stretch).toMatchObject({ labels: 0, events: 0 });
  });
});

describe('a share that is as certified', () => {
  /** Of 60 runs of 20,000 answers those that ring, and the median answer at which they do. */
  function runs(share: number, expected: number, seed: number) {
    const random = seededRandom(seed);
    const levels = levelsOf(0.05, { rows: 1_000, belowThreshold: 1_000 * expected });
    const rung = Array.from({ length: 60 }, () => {
      let state = UNWATCHED;
      for (let answers = 1; answers <= 20_000; answers += 1) {
        state = watch(state, { happened: random() < share, atMs: answers }, levels.below_threshold ?? 0);
        if (rings(state, levels)) return answers;
      }
      return Number.POSITIVE_INFINITY;
    });
    rung.sort((one, other) => one - other);
    return { rang: rung.filter(Number.isFinite).length, median: rung[30] as number };
  }

  it('rings once in a million answers or so', () => expect(runs(0.2, 0.2, 1).rang).toBeLessThan(3));

  it('rings within some hundred once it has doubled', () => {
    const { rang, median } = runs(0.4, 0.2, 2);
    expect(rang).toBe(60);
    expect(median).toBeLessThan(200);
  });
});
