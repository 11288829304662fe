import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyCalibrator, type Calibrator, chooseCalibrator } from './calibrator.js';
import { fitIsotonic } from './isotonic.js';
import { logit, sigmoid } from './log-odds.js';
import { fitPlatt } from './platt.js';
import { seededRandom } from './random.js';

const score = fc.double({ min: 0, max: 1, noNaN: true });
const outcomes = fc.array(fc.tuple(score, fc.boolean()), { minLength: 2, maxLength: 60 });

/** One calibrator of every kind, of any shape that fitting can give. */
const calibrators = fc
  .tuple(outcomes, fc.double({ min: 0.05, max: 20, noNaN: true }))
  .map(([rows, temperature]): readonly Calibrator[] => {
    const scores = rows.map(([one]) => one);
    const right = rows.map(([, one]) => one);
    const [platt, isotonic] = [fitPlatt(scores, right), fitIsotonic(scores, right)];
    return [
      { kind: 'identity' },
      { kind: 'temperature', temperature },
      { kind: 'platt', ...platt },
      { kind: 'isotonic', ...isotonic },
      { kind: 'platt_isotonic', platt, isotonic },
    ];
  });

describe('applyCalibrator', () => {
  it('keeps the order of scores and stays between 0 and 1', () => {
    fc.assert(
      fc.property(calibrators, score, score, (all, a, b) => {
        for (const calibrator of all) {
          const low = applyCalibrator(calibrator, Math.min(a, b));
          const high = applyCalibrator(calibrator, Math.max(a, b));
          expect(high).toBeGreaterThanOrEqual(low);
          expect(low).toBeGreaterThanOrEqual(0);
          expect(high).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('says the same after a round trip through JSON', () => {
    fc.assert(
      fc.property(calibrators, score, (all, one) => {
        for (const calibrator of all) {
          const read = JSON.parse(JSON.stringify(calibrator)) as Calibrator;
          expect(applyCalibrator(read, one)).toBe(applyCalibrator(calibrator, one));
        }
      }),
    );
  });

  it.each<[string, Calibrator, number, number]>([
    ['as it is', { kind: 'identity' }, 0.7, 0.7],
    ['a score above 1', { kind: 'identity' }, 1.5, 1],
    ['a score below 0', { kind: 'identity' }, -3, 0],
    ['cooler', { kind: 'temperature', temperature: 2 }, 0.9, 0.75],
    ['shifted', { kind: 'platt', intercept: Math.log(3), slope: 1 }, 0.5, 0.75],
    ['by a curve', { kind: 'isotonic', scores: [0, 1], probabilities: [0.2, 0.8] }, 0.5, 0.5],
    [
      'by the mean of two',
      {
        kind: 'platt_isotonic',
        platt: { intercept: Math.log(3), slope: 1 },
        isotonic: { scores: [0, 1], probabilities: [0.2, 0.8] },
      },
      0.5,
      0.625,
    ],
  ])('%s', (_, calibrator, given, wanted) => {
    expect(applyCalibrator(calibrator, given)).toBeCloseTo(wanted, 12);
  });
});

describe('chooseCalibrator', () => {
  const shapes = {
    calibrated: (one: number) => one,
    logistic: (one: number) => sigmoid(0.4 * logit(one) - 0.2),
    stepped: (one: number) => (one < 0.5 ? 0.3 : 0.9),
  };

  /** Scores of a sure model, and outcomes by the shape. */
  function drawn(rows: number, shape: keyof typeof shapes, seed: number) {
    const random = seededRandom(seed);
    const scores = Array.from({ length: rows }, () => sigmoid(4 * (random() - 0.25) + 2 * (random() - 0.5)));
    return { scores, right: scores.map((one) => random() < shapes[shape](one)), random };
  }

  it.each<[string, number, keyof typeof shapes, Calibrator['kind']]>([
    ['few outcomes: a logistic curve', 300, 'logistic', 'platt'],
    ['few outcomes of another shape: still a logistic curve', 300, 'stepped', 'platt'],
    ['many outcomes: the curve that they show', 1_500, 'stepped', 'platt_isotonic'],
    ['very many outcomes: that curve alone', 5_000, 'stepped', 'isotonic'],
    ['nothing to improve: left as they are', 5_000, 'calibrated', 'identity'],
  ])('%s', (_, rows, shape, wanted) => {
    const { scores, right, random } = drawn(rows, shape, 11);
    const { calibrator, reason, candidates } = chooseCalibrator(scores, right, random);
    expect(calibrator.kind).toBe(wanted);
    expect(candidates.find(({ allowed }) => allowed)?.kind).toBe(wanted);
    expect(reason).toContain(`${rows} outcomes`);
  });

  it('comes near to the truth, nearer with more outcomes', () => {
    const gap = (rows: number) => {
      const { scores, right, random } = drawn(rows, 'logistic', 3);
      const { calibrator } = chooseCalibrator(scores, right, random);
      const grid = drawn(500, 'logistic', 4).scores;
      const distances = grid.map((one) => Math.abs(applyCalibrator(calibrator, one) - shapes.logistic(one)));
      return distances.reduce((sum, one) => sum + one, 0) / grid.length;
    };
    expect(gap(200)).toBeLessThan(0.06);
    expect(gap(5_000)).toBeLessThan(0.015);
  });

  it('deals rows to folds by chance, and by the same chance for the same seed', () => {
    // Dealt in turn, a fold would be held out with scores that no other fold has seen.
    const levels = Array.from({ length: 2_000 }, (_, at) => ({ score: (at % 20) / 20, right: at % 20 > 9 }));
    const choose = () =>
      chooseCalibrator(
        levels.map((one) => one.score),
        levels.map((one) => one.right),
        seededRandom(1),
      );
    expect(choose().candidates.find(({ kind }) => kind === 'isotonic')?.logLoss).toBeLessThan(0.01);
    expect(choose()).toEqual(choose());
  });

  it('gives every kind a finite loss on any two outcomes or more, and allows one', () => {
    fc.assert(
      fc.property(outcomes, (rows) => {
        const { candidates, calibrator } = chooseCalibrator(
          rows.map(([one]) => one),
          rows.map(([, one]) => one),
          seededRandom(2),
        );
        expect(candidates).toHaveLength(5);
        for (const { logLoss, brier } of candidates) expect(Number.isFinite(logLoss + brier)).toBe(true);
        expect(candidates.map(({ kind }) => kind)).toContain(calibrator.kind);
      }),
      { numRuns: 50 },
    );
  });

  it.each([[0], [1]])('refuses %d outcomes', (rows) => {
    const few = Array.from({ length: rows }, () => 0.5);
    expect(() => chooseCalibrator(few, [true], seededRandom(1))).toThrow(
      expect.objectContaining({ code: 'rejected', message: expect.stringContaining('fewer than two') }),
    );
  });
});
