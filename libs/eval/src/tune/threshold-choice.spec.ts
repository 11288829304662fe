import { describe, expect, it } from 'vitest';
import { chosenSettings } from './policy-edit.js';
import { answered, options, pricing } from './testing/answered-rows.js';
import { type ChosenStep, chooseSteps } from './threshold-choice.js';
import { tuneReport } from './tune-report.js';
import { type StepTuning, tuneStep } from './tune-step.js';
import { tuneTable } from './tune-table.js';

describe('the choice by cost', () => {
  const cheap = tuneStep(answered(600, true), { ...options, pricing });
  const unpriced = tuneStep(answered(600, true, 5), { ...options, step: 'sentiment' });
  const dear = tuneStep(answered(600, true, 5), {
    ...options,
    step: 'sentiment',
    pricing: { ...pricing, costs: { ...pricing.costs, bigNanos: 100_000n } },
  });
  const lowest = (tuning: StepTuning) => tuning.passed.at(-1)?.threshold;
  const chosen = (tunings: readonly StepTuning[], budget?: number) => chooseSteps(tunings, budget);
  const thresholds = (steps: readonly ChosenStep[]) =>
    steps.map(({ choice }) => choice?.threshold?.threshold);

  it('takes the lowest proven thresholds where no budget binds, and says what they save', () => {
    const { steps, savedNanos, nanosPerWrong } = chosen([cheap, dear]);
    expect(thresholds(steps)).toEqual([lowest(cheap), lowest(dear)]);
    const kept = cheap.passed.at(-1)?.accepted ?? 0;
    expect(steps[0]?.choice?.savedNanos).toBeCloseTo(1_000 * ((kept / 600) * 900 - 100), 6);
    expect(savedNanos).toBe((steps[0]?.choice?.savedNanos ?? 0) + (steps[1]?.choice?.savedNanos ?? 0));
    expect(nanosPerWrong).toBeUndefined();
  });

  it('gives the errors of a budget to the step where they save the most', () => {
    const all = chosen([cheap, dear]);
    const budget = (all.steps[1]?.choice?.wrong ?? 0) + 1;
    const { steps, wrong, nanosPerWrong } = chosen([cheap, dear], budget);
    expect(thresholds(steps)[1]).toBe(lowest(dear));
    expect(thresholds(steps)[0] ?? 1).toBeGreaterThan(lowest(cheap) ?? 1);
    expect(wrong).toBeLessThanOrEqual(budget);
    expect(nanosPerWrong).toBeGreaterThan(0);
  });

  it('proposes only thresholds that passed, with what they keep', () => {
    const { steps } = chosen([cheap, dear], 6);
    for (const step of steps) {
      const threshold = step.choice?.threshold;
      if (threshold === undefined) continue;
      expect(step.passed).toContainEqual(threshold);
      const kept = step.judged.filter(({ score = -1 }) => score >= threshold.threshold);
      expect(kept).toHaveLength(threshold.accepted);
      expect(step.classes.reduce((sum, one) => sum + one.kept, 0)).toBe(threshold.accepted);
    }
  });

  it('lets a step keep nothing where its errors are better spent elsewhere', () => {
    const { steps } = chosen([cheap], 0);
    expect(steps[0]?.choice).toEqual({ coverage: 0, savedNanos: 0, wrong: 0 });
    expect(steps[0]?.classes).toEqual([]);
    expect(chosenSettings(steps[0] as ChosenStep)).toEqual({ threshold: 1, certificate: undefined });
    expect(tuneTable(chosen([cheap], 0))).toContain('the errors are better spent elsewhere');
  });

  it('says what several certificates mean together, and nothing of that for one', () => {
    const together =
      'This report makes 2 claims out of 2 tests, each of which errs with a chance of 5 % at most: the chance that any of the ' +
      'claims is wrong is 10 % at most.';
    expect(tuneTable(chosen([cheap, dear]))).toContain(together);
    expect(tuneReport('pack', '2026-11-24', chosen([cheap, dear]))).toContain(together);
    expect(tuneTable(chosen([cheap]))).not.toContain('This report');
  });

  it('does not invent a price', () => {
    const { steps, savedNanos } = chosen([cheap, unpriced]);
    expect(thresholds(steps)[1]).toBe(lowest(unpriced));
    expect(steps[1]?.choice).not.toHaveProperty('savedNanos');
    expect(savedNanos).toBeUndefined();
    const text = tuneTable(chosen([cheap, unpriced]));
    expect(text).toMatch(/saves +unknown/);
    expect(text).toContain('Together the steps save an unknown amount');
    expect(() => chosen([cheap, unpriced], 10)).toThrow(
      expect.objectContaining({
        code: 'rejected',
        problems: [expect.objectContaining({ where: 'sentiment' })],
      }),
    );
  });

  it('names what a saving is net of, and that a projection is one', () => {
    const projected = { ...cheap, options: { ...cheap.options, pricing: { ...pricing, projected: true } } };
    const text = tuneTable(chosen([projected]));
    expect(text).toMatch(/saves +\$0\.0\d+ on 1,000 messages \(\d+(\.\d)? %\)/);
    expect(text).toMatch(/net of +\$0\.0001 for little and its samples, \$0\.0001 for the audit, nothing/);
    expect(text).toContain('a projection, the embedded models cost nothing');
    expect(text).toContain('(prices of 2026-10-01)');
  });

  it('does not propose what does not pay', () => {
    const never = { ...pricing, costs: { ...pricing.costs, smallNanos: 1_000n } };
    const { steps } = chosen([tuneStep(answered(600, true), { ...options, pricing: never })]);
    expect(steps[0]?.certification).toMatchObject({ verdict: 'do_not_route' });
    expect(steps[0]?.choice).toBeUndefined();
    expect(tuneTable(chooseSteps(steps))).toContain('keeping does not pay');
  });
});
