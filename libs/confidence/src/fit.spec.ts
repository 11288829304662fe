import { describe, expect, it } from 'vitest';
import { type ConfidenceFit, confidenceOf, scorerFeatures } from './fit.js';
import { logit, sigmoid } from './log-odds.js';
import { fitScorer } from './logistic-scorer.js';

const plain: ConfidenceFit = {
  step: 'classify',
  fingerprint: 'little|-|json_schema|logprobs:20|prompt:3f9c1a2b',
  calibrator: { kind: 'identity' },
  fittedOn: '2026-11-24',
  rows: 400,
  labelSource: 'truth',
};

describe('confidenceOf', () => {
  it('calibrates the raw confidence', () => {
    expect(confidenceOf(plain, 0.7, {})).toBeCloseTo(0.7, 9);
    const platt = { kind: 'platt', intercept: -0.5, slope: 0.8 } as const;
    expect(confidenceOf({ ...plain, calibrator: platt }, 0.7, {})).toBeCloseTo(
      sigmoid(-0.5 + 0.8 * logit(0.7)),
      9,
    );
  });

  it('calibrates what a scorer makes of the features and the raw confidence', () => {
    const rows = Array.from({ length: 200 }, (_, at) => ({ raw: 0.5 + (at % 50) / 110, margin: at % 7 }));
    const scorer = fitScorer(
      rows.map(({ raw, margin }) => scorerFeatures(raw, { margin })),
      rows.map(({ raw, margin }) => raw > 0.7 || margin > 4),
    );
    const fit = { ...plain, scorer };
    expect(confidenceOf(fit, 0.9, { margin: 3 })).toBeGreaterThan(confidenceOf(fit, 0.6, { margin: 3 }));
    expect(confidenceOf(fit, 0.6, { margin: 6 })).toBeGreaterThan(confidenceOf(fit, 0.6, { margin: 1 }));
    expect(confidenceOf(JSON.parse(JSON.stringify(fit)), 0.6, {})).toBe(confidenceOf(fit, 0.6, {}));
  });
});
