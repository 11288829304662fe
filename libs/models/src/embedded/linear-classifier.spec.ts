import { describe, expect, it } from 'vitest';
import { calibrate, type Judgement, judge } from './linear-classifier.js';

const labels = ['cancel', 'oos', 'refund'];
const OUT_OF_SCOPE = 1;
const scoresFor = (label: number, lead: number) =>
  Float64Array.from(labels, (_, at) => (at === label ? lead : 0));

/** Every tenth answer is wrong, and those have a smaller lead; a usual message has words that are new. */
const heard = Array.from({ length: 300 }, (_, at) => {
  const label = at % 3;
  const right = at % 10 !== 0;
  const judgement: Judgement = {
    scores: scoresFor(right ? label : (label + 1) % 3, right ? 3 + (at % 4) : 1),
    familiarity: { coverage: 0.7 + (at % 7) / 30, words: 5 + (at % 20) },
  };
  return { judgement, label };
});
const classifier = {
  labels,
  outOfScope: OUT_OF_SCOPE,
  signals: false,
  softmax: { classes: 3, weights: new Float32Array(), bias: new Float32Array(3) },
  calibration: calibrate(
    heard.map(({ judgement }) => judgement),
    Int32Array.from(heard, ({ label }) => label),
    OUT_OF_SCOPE,
  ),
};
const sure = (label: number, coverage: number, words = 12) =>
  judge(classifier, { scores: scoresFor(label, 5), familiarity: { coverage, words } }).calibrated;

describe('judge', () => {
  it.each<[string, number, number, number]>([
    ['a clear answer about a usual message', sure(2, 0.8), 0.9, 1],
    ['the same about a message of another domain', sure(2, 0.3), 0, 0.3],
    ['the same about a long one of another domain', sure(2, 0.3, 800), 0, 0.3],
    ['the same about a message without words', sure(2, 0, 0), 0, 0.3],
    ['out of scope: to be of another domain speaks for it', sure(OUT_OF_SCOPE, 0.3), 0.9, 1],
  ])('%s', (_, calibrated, low, high) => {
    expect(calibrated).toBeGreaterThanOrEqual(low);
    expect(calibrated).toBeLessThanOrEqual(high);
  });

  it('gives a doubt about the first label to no other label', () => {
    const scores = Float64Array.from([3, 0, 4]);
    const [usual, foreign] = [0.8, 0.3].map((coverage) =>
      judge(classifier, { scores, familiarity: { coverage, words: 12 } }),
    );
    expect(foreign?.label).toBe('refund');
    const second = (of: typeof usual) => of?.alternatives[1]?.probability ?? Number.NaN;
    expect(second(foreign)).toBeLessThan(second(usual));
  });

  it('is right about as often as it says', () => {
    const said = heard.map(({ judgement }) => judge(classifier, judgement).calibrated);
    expect(said.reduce((sum, one) => sum + one, 0) / said.length).toBeCloseTo(0.9, 1.5);
  });
});
