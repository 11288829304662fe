import { confidenceOf } from '@spillway/confidence/fit';
import type { StepName } from '@spillway/models/language-model';
import type { ModelTier, StepCompletedInit } from '@spillway/models/runner';
import type { ModelDefinition, Pack } from '@spillway/pack/pack';
import { costOf, priceAt } from '@spillway/pack/prices';
import type { Policy } from '@spillway/policy/policy';
import { safeguardOf } from '@spillway/policy/safeguard';
import type { FailedCheck } from '../metrics/checklist.js';

/** One model's answer to one row, with what it is worth and what it took. */
export interface GradedAnswer {
  readonly right: boolean;
  /** What the answer names, where that is one of a closed list: an intent, a mood. Empty for an answer that failed. */
  readonly said: string;
  /** Extracted values by field. A customer's words: they are counted and never shown. */
  readonly fields: Readonly<Record<string, readonly string[]>>;
  /** Why a reply is not right, one reason for each check that failed. */
  readonly reasons: readonly FailedCheck[];
  /** Code of the fault that came in place of an answer. */
  readonly failure?: string;
  /** 0 to 1, by what is fitted to confidences today; absent: none is known. */
  readonly confidence?: number;
  /** Nano-dollars; undefined: unknown. Embedded models cost a known zero. */
  readonly costNanos: bigint | undefined;
  /** What the same tokens cost at the price of the tier's reference model; undefined: unknown. */
  readonly referenceNanos: bigint | undefined;
  /** Milliseconds, attempts and waits included. */
  readonly latencyMs: number;
  /** Model, server, prompt and constraint that gave it. */
  readonly fingerprint: string;
}

/** What only the step can tell of an answer. */
export type Grade = Pick<GradedAnswer, 'right' | 'said' | 'fields' | 'reasons'>;

/** What becomes of a small answer by the policy: it is kept, or the big model is asked, or a person decides. */
export type Decision = 'keep' | 'escalate' | 'hold';

interface Asked {
  readonly pack: Pack;
  readonly step: StepName;
  readonly tier: ModelTier;
  /** Milliseconds since the epoch: whose prices the projection uses. */
  readonly nowMs: number;
}

/** Puts together what an answer is worth and what it took. */
export function gradedAnswer(
  { pack, step, tier, nowMs }: Asked,
  completed: StepCompletedInit,
  grade: Grade,
): GradedAnswer {
  const { call, result } = completed;
  const confidence = confidenceToday(pack, step, completed);
  const embedded = call?.embedded ?? false;
  return {
    ...grade,
    ...(result?.case === 'failure' ? { failure: result.value.code ?? 'unknown' } : {}),
    ...(confidence === undefined ? {} : { confidence }),
    costNanos: embedded ? 0n : call?.costNanos,
    referenceNanos: projected(
      pack.models.find(({ name }) => name === pack.reference[tier]),
      call?.usage,
      nowMs,
    ),
    latencyMs: call?.latencyMs ?? 0,
    fingerprint: call?.fingerprint ?? '',
  };
}

/** An answer that was recorded carries the confidence of its day: what has been fitted since is applied to it here. */
function confidenceToday(
  { fits }: Pick<Pack, 'fits'>,
  step: StepName,
  { confidence, call, result }: StepCompletedInit,
): number | undefined {
  if (confidence?.raw === undefined || result?.case === 'failure') return confidence?.calibrated;
  if (call?.embedded) return confidence.calibrated ?? confidence.raw;
  const fit = fits[step];
  if (fit === undefined || fit.fingerprint !== call?.fingerprint) return confidence.raw;
  return confidenceOf(fit, confidence.raw, confidence.features ?? {});
}

function projected(
  reference: ModelDefinition | undefined,
  usage: NonNullable<StepCompletedInit['call']>['usage'],
  nowMs: number,
): bigint | undefined {
  if (reference === undefined || usage === undefined) return undefined;
  const { inputTokens = 0n, cachedInputTokens = 0n, outputTokens = 0n, reasoningTokens = 0n } = usage;
  const tokens = { inputTokens, cachedInputTokens, outputTokens, reasoningTokens };
  return costOf(tokens, priceAt(reference, nowMs));
}

/** The policy's word on a small answer, as the router gives it; channels, depth and budgets aside. */
export function decisionOn(step: StepName, answer: GradedAnswer, policy: Policy): Decision {
  if (answer.failure !== undefined) return 'escalate';
  const { confidence, fingerprint } = answer;
  const { verdict, threshold } = safeguardOf({ step, tier: 'small', fingerprint }, policy);
  if (verdict !== undefined) return verdict;
  return confidence === undefined || confidence < threshold ? 'escalate' : 'keep';
}
