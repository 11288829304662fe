import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { StepCompletedSchema } from '@spillway/contracts/events';
import type { StepFailureSchema } from '@spillway/contracts/model';
import { Step, Tier } from '@spillway/contracts/model';
import type { StepAnswer } from '@spillway/policy/case';
import { describe, expect, it } from 'vitest';
import { answerOf } from './input.js';

describe('a step that failed', () => {
  it.each<[string, MessageInitShape<typeof StepFailureSchema>, Partial<StepAnswer>]>([
    ['says why', { code: 'timed_out', detail: 'late' }, { failure: 'timed_out, late' }],
    [
      'says until when a budget is full',
      { code: 'over_budget', detail: 'not called', retryAt: timestampFromMs(90_000) },
      { failure: 'over_budget, not called', overBudget: { untilMs: 90_000 } },
    ],
    [
      'says that waiting for a budget does not help',
      { code: 'over_budget' },
      { failure: 'over_budget', overBudget: {} },
    ],
  ])('%s', (_, value, want) => {
    const event = { step: Step.CLASSIFY, tier: Tier.BIG, result: { case: 'failure', value } as const };
    expect(answerOf(create(StepCompletedSchema, event))).toEqual({ step: 'classify', tier: 'big', ...want });
  });
});
