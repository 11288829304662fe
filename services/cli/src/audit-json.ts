import type { Assumptions } from '@spillway/eval/audit-log/assumptions';
import type { TokenCounts } from '@spillway/eval/audit-log/logged-call';
import {
  type FineTuning,
  knownOf,
  type Projection,
  type StepProjection,
} from '@spillway/eval/audit-log/projection';
import type { LogTally, ReasonCount, Spend } from '@spillway/eval/audit-log/tally';
import { exactOrNull } from '@spillway/gateway/exact';

const exact = (value: bigint | undefined): unknown => exactOrNull(value ?? null);

/** The whole audit as one line of JSON; money in nano-dollars, unknown money null. */
export function auditJson(
  path: string,
  tally: LogTally,
  projection: Projection,
  assumptions: Assumptions,
): string {
  return JSON.stringify({
    file: path,
    lines: tally.lines,
    from: moment(tally.firstMs),
    to: moment(tally.lastMs),
    prices_checked: tally.pricesChecked ?? null,
    undated_calls: tally.undated,
    formats: Object.fromEntries(tally.formats),
    ...spendJson(tally.total),
    projection: {
      small: assumptions.small,
      kept: assumptions.keptMillionths / 1e6,
      tuned: assumptions.tuned,
      tuned_kept: assumptions.tunedKeptMillionths / 1e6,
      training_nanos: exact(assumptions.trainingNanos),
      small_first_nanos: exact(projection.smallFirstNanos),
      saved_nanos: exact(projection.savedNanos),
      prices_checked: projection.pricesChecked ?? null,
      evaluate_first: projection.evaluateFirst.map(({ spend }) => spend.step.label),
    },
    steps: projection.steps.map(stepJson),
    skipped: tally.skipped.map(reasonJson),
    unreadable: tally.unreadable.map(reasonJson),
  });
}

const stepJson = ({ spend, keptMillionths, smallFirstNanos, savedNanos, fineTuning }: StepProjection) => ({
  step: spend.step.label,
  grouped_by: spend.step.by,
  first_line: spend.firstLine,
  ...spendJson(spend),
  models: [...spend.models].map(([model, each]) => ({ model, ...spendJson(each) })),
  kept: keptMillionths / 1e6,
  small_first_nanos: exact(smallFirstNanos),
  saved_nanos: exact(savedNanos),
  fine_tuning: tuningJson(fineTuning),
});

const tuningJson = (tuning: FineTuning) =>
  tuning.pays === 'after'
    ? {
        pays: 'after',
        calls: exact(tuning.calls),
        saved_per_million_calls_nanos: exact(tuning.savedPerMillionCallsNanos),
      }
    : { pays: tuning.pays };

const spendJson = (spend: Spend) => ({
  calls: spend.calls,
  tokens: tokensJson(spend.tokens),
  cost: {
    nanos: exact(knownOf(spend)),
    known_nanos: exact(spend.knownNanos),
    unpriced: spend.unpriced,
  },
});

const tokensJson = (tokens: TokenCounts) => ({
  input: tokens.input,
  cached_input: tokens.cachedInput,
  cache_write: tokens.cacheWrite,
  cache_write_long: tokens.cacheWriteLong,
  output: tokens.output,
  reasoning: tokens.reasoning,
  audio: tokens.audio,
});

const reasonJson = ({ reason, lines, first }: ReasonCount) => ({ reason, lines, first_lines: first });

const moment = (ms: number | undefined): string | null =>
  ms === undefined ? null : new Date(ms).toISOString();
