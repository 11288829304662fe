import { seededRandom } from '@spillway/confidence/random';
import type { StepName } from '@spillway/models/language-model';
import type { EvalTerms, Pack } from '@spillway/pack/pack';
import type { Policy } from '@spillway/policy/policy';
import {
  type Cascade,
  type ComparedRow,
  crossFittedCascade,
  mostRightCascade,
  policyCascade,
} from '../cascade.js';
import { bootstrapInterval, type Statistic } from '../statistics/bootstrap.js';
import { differenceInterval, type McNemar, mcnemar, pairedOutcome } from '../statistics/paired-shares.js';
import { type Spread, spreadOf } from '../statistics/spread.js';
import type { Evidence } from './data-line.js';
import { type Decision, decisionOn, type GradedAnswer } from './graded.js';
import { cascadeOf, type Gap, gapOf, type HindsightPoint, hindsightOf } from './hindsight.js';
import type { JudgedCascade } from './judged-step.js';
import { type Figure, type Line, type LineOptions, lineOf } from './lines.js';

/** A model with its answers to all rows, once for each repetition. */
interface Answering {
  readonly name: string;
  readonly embedded: boolean;
  readonly runs: readonly (readonly GradedAnswer[])[];
}

/** By how much more often one way is right than the big model alone, on the same rows. */
interface Difference {
  readonly name: string;
  readonly accuracy: Figure & { readonly test: McNemar };
  readonly f1?: Figure;
}

interface ModelSummary {
  readonly name: string;
  readonly embedded: boolean;
  /** Share right over repetitions. */
  readonly spread: Spread;
  /** Different ones, for whoever wonders whether the server changed between two answers. */
  readonly fingerprints: readonly string[];
  /** Answers that failed, by the code of their fault. */
  readonly failures: Readonly<Record<string, number>>;
}

/** The same rows answered in every way, side by side. Holds nothing that a customer wrote. */
export interface StepFigures {
  readonly step: StepName;
  readonly rows: number;
  readonly threshold: number;
  /** Thresholds that the rows chose, by the name of their line: Infinity sends everything. */
  readonly chosen: Readonly<Record<string, number>>;
  readonly f1Name?: string;
  readonly models: readonly ModelSummary[];
  /** Models at whose prices the projection is. */
  readonly reference: Pack['reference'];
  /**
   * Small alone, big alone, cascade, the cascade that the rows choose themselves where they can, the one with most right where
   * it is none of these, a random router with the policy's share, an oracle; then further models alone.
   */
  readonly lines: readonly Line[];
  readonly differences: readonly Difference[];
  /** How many small answers the policy keeps, escalates and holds for a person. */
  readonly decisions: Readonly<Record<Decision, number>>;
  /** Confidence of each small answer that has one, and whether it is right. */
  readonly confidences: readonly { readonly confidence: number; readonly right: boolean }[];
  readonly hindsight: readonly HindsightPoint[];
  /** Absent where the big model alone is right no more often than the small one. */
  readonly gap?: Gap;
  readonly evidence: Evidence;
}

export interface CompareOptions {
  readonly step: StepName;
  readonly policy: Policy;
  readonly terms: EvalTerms;
  readonly reference: Pack['reference'];
  /** The small model first, the big one last. */
  readonly answering: readonly Answering[];
  readonly clusters: readonly (string | undefined)[];
  readonly f1?: { readonly name: string; readonly of: NonNullable<LineOptions['f1']> };
  readonly evidence: Evidence;
}

/** All draws of a report begin here: the same answers give the same report. */
const SEED = 1;
const random = (): (() => number) => seededRandom(SEED);

/** The figures of a step with the answers that they and its verdict are made from. */
export interface ComparedStep {
  readonly figures: StepFigures;
  readonly small: readonly GradedAnswer[];
  readonly big: readonly GradedAnswer[];
  /** What customers get by the policy of today. */
  readonly cascade: readonly GradedAnswer[];
  readonly cascades: readonly JudgedCascade[];
  /** Tests that could have ended in a claim. */
  readonly tests: number;
}

/** Compares two models or more on the same rows. Statistics rest on the first repetition; the others show its spread. */
export function compareStep(options: CompareOptions): ComparedStep {
  const { step, policy, reference, answering, clusters, f1, evidence } = options;
  const [small, big] = [firstRun(answering[0]), firstRun(answering.at(-1))];
  const decisions = small.map((answer) => decisionOn(step, answer, policy));
  const lineOptions = { small, big, clusters, random, ...(f1 === undefined ? {} : { f1: f1.of }) };
  const { cascades, tests, best, chosen } = cascadesOf(decisions, lineOptions, options);
  const sent = decisions.map((decision) => Number(decision !== 'keep'));
  const cascade = cascadeOf(small, big, sent);
  const gap = gapOf(lineOptions);
  const figures: StepFigures = {
    step,
    rows: small.length,
    threshold: policy.tasks[step].threshold,
    chosen,
    ...(f1 === undefined ? {} : { f1Name: f1.name }),
    models: answering.map(summaryOf),
    reference,
    lines: linesOf(sent, [...cascades.map(({ line }) => line), ...best], lineOptions, answering),
    differences: [
      differenceOf('floor', small, options),
      differenceOf('cascade', cascade, options),
      ...answering.slice(1, -1).map((model) => differenceOf(model.name, firstRun(model), options)),
    ],
    decisions: countsOf(decisions),
    confidences: small.flatMap(({ confidence, right }) =>
      confidence === undefined ? [] : [{ confidence, right }],
    ),
    hindsight: hindsightOf(lineOptions),
    ...(gap === undefined ? {} : { gap }),
    evidence,
  };
  return { figures, small, big, cascade, cascades, tests };
}

interface Cascades {
  readonly cascades: readonly JudgedCascade[];
  readonly tests: number;
  /** The line of the cascade with most right, where it is neither of both models alone. */
  readonly best: readonly Line[];
  readonly chosen: StepFigures['chosen'];
}

/** The policy's cascade, and those that these rows choose themselves, each fold by the others. */
function cascadesOf(
  decisions: readonly Decision[],
  lineOptions: LineOptions,
  { step, policy, terms }: CompareOptions,
): Cascades {
  const { small, big, clusters } = lineOptions;
  const rows = small.map((answer, at) => ({
    smallRight: answer.right,
    bigRight: big[at]?.right ?? false,
    ...(answer.confidence === undefined || answer.failure !== undefined ? {} : { score: answer.confidence }),
    ...(clusters[at] === undefined ? {} : { conversationId: clusters[at] }),
  }));
  const choice = { margin: terms.margin, alpha: ALPHA };
  const kept = decisions.map((decision) => decision === 'keep');
  const byPolicy = policyCascade(rows, { threshold: policy.tasks[step].threshold, kept }, choice);
  const fitted = crossFittedCascade(rows, choice);
  const best = mostRightCascade(rows);
  const lineFor = (name: string, cascade: Pick<Cascade, 'kept'>): Line =>
    lineOf({ name, asksSmall: true, sent: cascade.kept.map((one) => Number(!one)) }, lineOptions);
  const isCascade = ({ threshold, sent }: Pick<Cascade, 'threshold' | 'sent'>): boolean =>
    Number.isFinite(threshold) && sent < 1;
  return {
    cascades: [
      { chosenOn: 'policy', cascade: byPolicy, line: lineFor('cascade', byPolicy) },
      ...(isCascade(fitted)
        ? [{ chosenOn: 'these rows' as const, cascade: fitted, line: lineFor('fitted', fitted) }]
        : []),
    ],
    tests: testsOf(byPolicy, rows),
    best:
      rows.some(({ score = 0 }) => score < best.threshold) && isCascade(best) ? [lineFor('best', best)] : [],
    chosen: { fitted: fitted.threshold, best: best.threshold },
  };
}

/** The small model alone, the policy where it is neither of both models alone, and the walk that chooses a threshold. */
const testsOf = ({ sent }: Cascade, rows: readonly ComparedRow[]): number =>
  1 + Number(sent > 0 && sent < 1) + Number(rows.some(({ score }) => score !== undefined));

/** Chance that a threshold that is chosen here loses more than the margin. */
const ALPHA = 0.05;

function linesOf(
  sent: readonly number[],
  cascades: readonly Line[],
  options: LineOptions,
  answering: readonly Answering[],
): readonly Line[] {
  const { small } = options;
  const everywhere = (value: number): number[] => small.map(() => value);
  const share = sent.reduce((sum, one) => sum + one, 0) / sent.length;
  const toOracle = small.map(({ right }) => Number(!right));
  return [
    lineOf({ name: 'floor', asksSmall: true, sent: everywhere(0) }, options),
    lineOf({ name: 'ceiling', asksSmall: false, sent: everywhere(1) }, options),
    ...cascades,
    lineOf({ name: 'random', asksSmall: true, sent: everywhere(share) }, options),
    lineOf({ name: 'oracle', asksSmall: true, sent: toOracle }, options),
    ...answering
      .slice(1, -1)
      .map((model) =>
        lineOf(
          { name: model.name, asksSmall: false, sent: everywhere(1) },
          { ...options, big: firstRun(model) },
        ),
      ),
  ];
}

const firstRun = (model: Answering | undefined): readonly GradedAnswer[] => model?.runs[0] ?? [];

function summaryOf({ name, embedded, runs }: Answering): ModelSummary {
  const failures: Record<string, number> = {};
  for (const { failure } of runs[0] ?? []) {
    if (failure !== undefined) failures[failure] = (failures[failure] ?? 0) + 1;
  }
  const shares = runs.map((run) => run.filter(({ right }) => right).length / run.length);
  // A failure does not tell how it was asked.
  const answered = runs.flat().filter(({ failure }) => failure === undefined);
  const fingerprints = [...new Set(answered.map(({ fingerprint }) => fingerprint))];
  return {
    name,
    embedded,
    spread: spreadOf(shares),
    fingerprints: fingerprints.filter((one) => one !== ''),
    failures,
  };
}

function differenceOf(
  name: string,
  candidate: readonly GradedAnswer[],
  { answering, clusters, f1 }: CompareOptions,
): Difference {
  const reference = firstRun(answering.at(-1));
  const rights = (answers: readonly GradedAnswer[]) => answers.map(({ right }) => right);
  const outcome = pairedOutcome(rights(candidate), rights(reference), clusters);
  const value = (outcome.better - outcome.worse) / outcome.rows;
  const accuracy = { value, interval: differenceInterval(outcome), test: mcnemar(outcome) };
  if (f1 === undefined) return { name, accuracy };
  const [one, other] = [f1.of(candidate), f1.of(reference)];
  const difference: Statistic = (drawn) => one(drawn) - other(drawn);
  const { estimate, corrected } = bootstrapInterval(candidate.length, difference, {
    random: random(),
    clusters,
  });
  return { name, accuracy, f1: { value: estimate, interval: corrected } };
}

const countsOf = (decisions: readonly Decision[]): Record<Decision, number> => ({
  keep: decisions.filter((one) => one === 'keep').length,
  escalate: decisions.filter((one) => one === 'escalate').length,
  hold: decisions.filter((one) => one === 'hold').length,
});
