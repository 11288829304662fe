import { type Certification, certify, type Passed, type ScoredRow } from '@spillway/confidence/certify';
import { dataHash } from '@spillway/confidence/data-rows';
import type { ConfidenceFit, LabelSource } from '@spillway/confidence/fit';
import { auroc, brierScore } from '@spillway/confidence/metrics';
import { acceptedAllowing } from '@spillway/confidence/planner';
import { seededRandom } from '@spillway/confidence/random';
import { assessCalibration, type CalibrationAssessment } from '@spillway/confidence/reliability';
import { controlRisk, type RiskControl } from '@spillway/confidence/risk-control';
import { rankingRisk } from '@spillway/confidence/risk-coverage';
import { startFrom } from '@spillway/confidence/start';
import type { LabelledStep } from '../dataset.js';
import { type SeenAnswer, signsOf } from '../expected-traffic.js';
import type { AnsweredRow } from './answered-row.js';
import type { JudgedRow } from './breakdown.js';
import { fitConfidence, scoreOf } from './fit-confidence.js';
import { rolesOf } from './roles.js';
import { breakEvenOf, type StepPricing } from './step-pricing.js';

export interface TuneOptions {
  readonly step: LabelledStep;
  /** What is promised: the share wrong among the kept, with a confidence, or that of all messages, in expectation. */
  readonly mode: 'selective' | 'joint';
  /** Share that may be wrong, over 0 and under 1: of what is kept (selective), or of all messages (joint). */
  readonly target: number;
  /** Chance that the procedure says so wrongly, over 0 and under 1; a joint promise has none. */
  readonly delta?: number;
  readonly labelSource: LabelSource;
  /** Where the rows come from, for people: a file, or a time of the ledger. */
  readonly from: string;
  /** ISO day. */
  readonly day: string;
  readonly pricing: StepPricing;
  /** Drawn messages that nobody has labelled yet and that are not among the rows. */
  readonly waiting?: number;
}

/** An answer of the certification rows that has a confidence. */
export interface Point {
  readonly score: number;
  readonly right: boolean;
}

/** What came out: a threshold with its promise, in the one mode or the other, or why there is none. */
export type Outcome = Certification | RiskControl;

export interface StepTuning {
  readonly options: TuneOptions;
  readonly certification: Outcome;
  /** Every threshold at which the promise holds, from the highest down; none where it is not proven. */
  readonly passed: readonly Passed[];
  /** The score that the walk started at, where the rows that were fitted to chose it. */
  readonly start?: number;
  /** Absent where nothing had to be fitted. */
  readonly fit?: ConfidenceFit;
  readonly fitReason?: string;
  readonly rows: {
    readonly given: number;
    readonly fit: number;
    readonly certify: number;
    readonly repeated: number;
    readonly otherFingerprint: number;
    /** Certification rows without a confidence: they are never kept. */
    readonly silent: number;
    /** Certification rows without a label: they count as wrong. */
    readonly unlabelled: number;
    /** Of those, rows drawn for a person who has passed them over so far. */
    readonly open: number;
  };
  readonly fingerprint: string;
  /** `sha256:` and the hash of the rows certified on, with their labels. */
  readonly data: string;
  /** Hashes of the rows certified on, and of those that were fitted to. */
  readonly certifiedOn: readonly string[];
  readonly fittedOn: readonly string[];
  /** First and last day of the rows; absent where they do not tell. */
  readonly period?: { readonly first: string; readonly last: string };
  /** Share of the certification rows with a label that the small model has right. */
  readonly accuracy: number;
  /** Of the scores on the certification rows with a label. */
  readonly quality: {
    readonly auroc: number;
    readonly augrc: number;
    readonly brier: number;
    readonly calibration: CalibrationAssessment;
  };
  readonly judged: readonly JudgedRow[];
  /** Every answer of the fingerprint, repeated ones too: this is of the traffic, and nothing is tested on it. */
  readonly seen: readonly SeenAnswer[];
}

/** The answers that have a confidence. */
export const pointsOf = ({ judged }: Pick<StepTuning, 'judged'>): readonly Point[] =>
  judged.flatMap(({ score, right }) => (score === undefined ? [] : [{ score, right }]));

/** The rows that show what a score is worth. */
export const withLabel = (rows: readonly JudgedRow[]): readonly JudgedRow[] =>
  rows.filter(({ unlabelled }) => unlabelled !== true);

/**
 * Fits and certifies one step on labelled answers: rows are dealt to their roles, the confidence is fitted on one part,
 * and the threshold certified on the other, which nothing has looked at before. A row that has no confidence is never
 * kept and counts in every share; one that has no label counts as wrong.
 *
 * @throws Fault `rejected` for a target or delta that is none, and for a selective promise without a delta
 */
export function tuneStep(given: readonly AnsweredRow[], options: TuneOptions): StepTuning {
  const roles = rolesOf(given);
  const fitted = fitConfidence(roles.fit, { ...options, fingerprint: roles.fingerprint });
  const judged = roles.certify.map((row) => judgedRow(row, scoreOf(row, fitted?.fit)));
  const points = pointsOf({ judged });
  const known = withLabel(judged);
  const start = options.mode === 'joint' ? undefined : startOf(fitted?.older ?? [], points, options);
  const open = judged.filter((row) => row.open === true).length;
  const certification =
    tooManyOpen(open, judged, options) ?? outcomeOf(points, judged.length, options, start);
  return {
    options,
    certification,
    passed: 'passed' in certification ? certification.passed : [],
    ...(start === undefined ? {} : { start }),
    ...(fitted === undefined ? {} : { fit: fitted.fit, fitReason: fitted.reason }),
    rows: {
      given: given.length,
      fit: roles.fit.length,
      certify: roles.certify.length,
      repeated: roles.repeated,
      otherFingerprint: roles.otherFingerprint,
      silent: judged.length - points.length,
      unlabelled: judged.length - known.length,
      open,
    },
    fingerprint: roles.fingerprint,
    data: dataHash(roles.certify.map(({ cluster, label }) => ({ row: cluster, label }))),
    certifiedOn: roles.certify.map(({ cluster }) => cluster).sort(),
    fittedOn: roles.fit.map(({ cluster }) => cluster).sort(),
    ...periodOf(roles.certify),
    accuracy: shareOf(known.map(({ right }) => right)),
    quality: qualityOf(pointsOf({ judged: known })),
    judged,
    seen: seenIn(given, roles.fingerprint, fitted?.fit),
  };
}

function seenIn(
  given: readonly AnsweredRow[],
  fingerprint: string,
  fit: ConfidenceFit | undefined,
): readonly SeenAnswer[] {
  const answered = given.filter((row) => row.fingerprint === fingerprint && row.failed !== true);
  return answered.map((row) => ({
    score: scoreOf(row, fit),
    said: row.said,
    ...signsOf(row.features ?? {}),
  }));
}

/**
 * Where the walk starts: where the rows that were fitted to speak most clearly for the claim, if at least as many answers
 * score that much as one error needs. Counting scores looks at no label.
 */
function startOf(
  older: readonly ScoredRow[],
  points: readonly Point[],
  { target, delta = 0 }: TuneOptions,
): number | undefined {
  const claim = { target, delta };
  const start = startFrom(older, claim);
  if (start === undefined) return undefined;
  const accepted = points.filter(({ score }) => score >= start).length;
  return accepted >= acceptedAllowing(1, claim) ? start : undefined;
}

const shareOf = (right: readonly boolean[]): number =>
  right.length === 0 ? Number.NaN : right.filter(Boolean).length / right.length;

function judgedRow(
  { label, right, unlabelled, open, receivedAt }: AnsweredRow,
  score: number | undefined,
): JudgedRow {
  return {
    label,
    right,
    ...(unlabelled === undefined ? {} : { unlabelled }),
    ...(open === undefined ? {} : { open }),
    ...(receivedAt === undefined ? {} : { receivedAt }),
    ...(score === undefined ? {} : { score }),
  };
}

/** By how much of the target open requests may make the result worse than it is. */
const OPEN_OF_TARGET = 0.5;

/**
 * Why nothing is tested yet. Open requests count as wrong, which holds whatever the label would be. Where they alone would
 * take up half of what may be wrong among the drawn, a test would most likely fail and spend its rows for want of answers
 * that are still to come. Decided by their number alone, before anything is tested.
 */
function tooManyOpen(
  open: number,
  judged: readonly JudgedRow[],
  { target }: TuneOptions,
): Extract<Outcome, { verdict: 'not_yet' }> | undefined {
  const drawn = judged.length - judged.filter((row) => row.unlabelled && !row.open).length;
  if (open <= OPEN_OF_TARGET * target * drawn) return undefined;
  return {
    verdict: 'not_yet',
    moreLabels: open,
    spent: false,
    rows: judged.length,
    reason:
      `${open} of ${drawn} drawn messages still wait for a person’s label, and the hard ones may be left for last. ` +
      'Nothing was tested and no row is spent: label what `GET /v1/audits` lists, then tune again.',
  };
}

/** Answers without a confidence are never kept: they lower the share of what is. */
function outcomeOf(points: readonly Point[], all: number, options: TuneOptions, start?: number): Outcome {
  const { mode, target, delta = 0, pricing } = options;
  const rows = points.map(({ score, right }) => ({ score, wrong: !right }));
  const breakEven = breakEvenOf(pricing) ?? 0;
  if (mode === 'joint') return controlRisk(rows, { target, breakEven, unscored: all - points.length });
  const certification = certify(rows, {
    target,
    delta,
    breakEven: (breakEven * all) / Math.max(1, points.length),
    ...(start === undefined ? {} : { start }),
  });
  return certification.verdict === 'certified'
    ? { ...certification, rows: all, coverage: certification.accepted / all }
    : { ...certification, rows: all };
}

function periodOf(rows: readonly AnsweredRow[]): Pick<StepTuning, 'period'> {
  const days = rows
    .flatMap(({ receivedAt }) => (receivedAt === undefined ? [] : [receivedAt.slice(0, 10)]))
    .sort();
  const [first, last] = [days[0], days.at(-1)];
  return first === undefined || last === undefined || days.length < rows.length
    ? {}
    : { period: { first, last } };
}

function qualityOf(points: readonly Point[]): StepTuning['quality'] {
  const scores = points.map(({ score }) => score);
  const right = points.map((point) => point.right);
  return {
    auroc: auroc(scores, right),
    augrc: rankingRisk(scores, right).augrc,
    brier: brierScore(scores, right),
    calibration: assessCalibration(scores, right, seededRandom(2)),
  };
}
