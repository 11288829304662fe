import type { CapUsage } from '@spillway/store/budget';
import { z } from 'zod';
import { exact, exactSchema } from './exact.js';

/** The answer of `GET /v1/budgets`. */
export const budgetsSchema = z.object({
  caps: z
    .array(
      z.object({
        per: z.enum(['day', 'month']).describe('UTC'),
        model: z.string().nullable().describe('name in the pack; null: all models together'),
        cap_nanos: exactSchema,
        spent_nanos: exactSchema.describe('what calls are known to have cost'),
        reserved_nanos: exactSchema.describe('set aside for calls under way and for those of unknown cost'),
        left_nanos: exactSchema.describe('what further calls may cost at most'),
        resets_at: z.string().describe('when the day or month is over'),
      }),
    )
    .describe('the caps of the policy, in its order; empty where it has none'),
});

/** How far the caps are used. */
export const budgetsJson = (usage: readonly CapUsage[]): object => ({ caps: usage.map(capJson) });

function capJson({ cap, spentNanos, reservedNanos, resetsAtMs }: CapUsage): object {
  const left = cap.nanos - spentNanos - reservedNanos;
  return {
    per: cap.per,
    model: cap.model ?? null,
    cap_nanos: exact(cap.nanos),
    spent_nanos: exact(spentNanos),
    reserved_nanos: exact(reservedNanos),
    left_nanos: exact(left > 0n ? left : 0n),
    resets_at: new Date(resetsAtMs).toISOString(),
  };
}
