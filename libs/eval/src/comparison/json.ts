import { gapRecovered } from '@spillway/confidence/routing-curve';
import { anyWrongAtMost, claimsOf } from '../claims-text.js';
import { verdictText } from '../verdict-text.js';
import type { ReportHead } from './markdown.js';
import type { StepComparison } from './step-comparison.js';

/** Rises with every change that a reader of the report would notice. */
const SCHEMA_VERSION = 1;

/** Nano-dollars are texts, since they can be larger than numbers hold exactly; what is unknown is null. */
const plain = (_: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return null;
  return value;
};

/** What is unknown stands there as such. */
const known = <T>(value: T | undefined): T | null => value ?? null;

/** The comparison for programs: JSON with a version of its form, and nothing of a customer's text. */
export function comparisonJson(
  { pack, day, policyVersion }: ReportHead,
  comparisons: readonly StepComparison[],
  calls: {
    readonly calls: number;
    readonly served: number;
    readonly paidNanos: bigint | undefined;
  },
): string {
  const claims = claimsOf(comparisons.map(({ verdict }) => verdict));
  const report = {
    schema_version: SCHEMA_VERSION,
    pack,
    day,
    policy_version: policyVersion,
    calls: { needed: calls.calls, from_cache: calls.served, paid_nanos: known(calls.paidNanos) },
    claims: { made: claims.made, tests: claims.tests, any_wrong_at_most: anyWrongAtMost(claims) },
    steps: comparisons.map(stepOf),
  };
  return JSON.stringify(report, plain, 2);
}

function stepOf({ figures, details, verdict, judged }: StepComparison) {
  const {
    step,
    rows,
    threshold,
    chosen,
    f1Name,
    models,
    reference,
    lines,
    differences,
    decisions,
    evidence,
    gap,
  } = figures;
  return {
    step,
    rows,
    sets: evidence.sets,
    left_out: evidence.leftOut,
    repeated: { rows: evidence.repeated.rows, other_label: evidence.repeated.otherLabel },
    label_source: evidence.labelSource,
    prices_from: evidence.pricesFrom,
    reference_models: models.some(({ embedded }) => embedded) ? reference : null,
    threshold,
    f1: known(f1Name),
    models: models.map(({ name, embedded, spread, fingerprints, failures }) => ({
      name,
      embedded,
      runs: spread.runs,
      right: spread.mean,
      deviation: known(spread.deviation),
      fingerprints,
      failures,
    })),
    lines: lines.map(({ name, accuracy, f1, sent, nanosPerThousand, referencePerThousand, latency }) => ({
      name,
      threshold: name === 'cascade' ? threshold : known(chosen[name]),
      right: accuracy,
      f1: known(f1),
      gap_recovered: gap === undefined ? null : gapRecovered(accuracy.value, gap),
      sent,
      nanos_per_thousand: known(nanosPerThousand),
      reference_nanos_per_thousand: known(referencePerThousand),
      latency_ms: latency,
    })),
    against_big: differences.map(({ name, accuracy: { value, interval, test }, f1 }) => ({
      name,
      right: { value, interval },
      mcnemar_p: test.exact,
      f1: known(f1),
    })),
    average_gap_recovered: known(gap?.averageRecovered),
    decisions,
    floor: known(verdict.facts.floor),
    under_floor: verdict.underFloor,
    verdict: {
      ...recommended(verdict),
      text: verdictText(verdict),
      margin: verdict.facts.small.margin,
      confidence: verdict.facts.small.confidence,
      small_loses_at_most: verdict.facts.small.lossAtMost,
    },
    judge: known(judged),
    details,
  };
}

/** What is recommended, in numbers. */
function recommended({ recommendation, worthFineTuningFrom }: StepComparison['verdict']) {
  const { keep } = recommendation;
  return {
    keep,
    threshold: keep === 'cascade' ? recommendation.cascade.threshold : null,
    more_rows: keep === 'undecided' ? recommendation.moreRows : null,
    worth_fine_tuning_from: known(worthFineTuningFrom),
  };
}
