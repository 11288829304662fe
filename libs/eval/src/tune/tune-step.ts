import { clopperPearson, type Interval } from '@spillway/confidence/binomial';
import { type Certification, certify, type ScoredRow } from '@spillway/confidence/certify';
import { dataHash } from '@spillway/confidence/data-rows';
import type { ConfidenceFit, LabelSource } from '@spillway/confidence/fit';
import { auroc, brierScore } from '@spillway/confidence/metrics';
import { acceptedAllowing } from '@spillway/confidence/planner';
import { seededRandom } from '@spillway/confidence/random';
import { assessCalibration, type CalibrationAssessment } from '@spillway/confidence/reliability';
import { rankingRisk } from '@spillway/confidence/risk-coverage';
import { startFrom } from '@spillway/confidence/start';
import type { LabelledStep } from '../dataset.js';
import type { AnsweredRow } from './answered-row.js';
import { fitConfidence, scoreOf } from './fit-confidence.js';
import { rolesOf } from './roles.js';

export interface TuneOptions {
  readonly step: LabelledStep;
  /** Share of what is kept that may be wrong, over 0 and under 1. */
  readonly target: number;
  /** Chance that the procedure says so wrongly, over 0 and under 1. */
  readonly delta: number;
  readonly labelSource: LabelSource;
  /** ISO day. */
  readonly day: string;
  /** Share of answers that must be kept for routing to pay. */
  readonly breakEven: number;
}

/** An answer of the certification rows. */
export interface Point {
  readonly score: number;
  readonly right: boolean;
}

export interface ClassFigures {
  readonly label: string;
  readonly rows: number;
  readonly kept: number;
  readonly errors: number;
  /** Of the share wrong among the kept, at 95 %, for this class alone: no promise. */
  readonly interval: Interval;
}

/** What the newest answers say, where the rows have dates. */
export interface LaterCheck {
  readonly from: string;
  readonly kept: number;
  readonly errors: number;
  readonly interval: Interval;
}

export interface StepTuning {
  readonly options: TuneOptions;
  readonly certification: Certification;
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
  };
  readonly fingerprint: string;
  /** `sha256:` and the hash of the rows certified on, with their labels. */
  readonly data: string;
  /** Hashes of the rows certified on, and of those that were fitted to. */
  readonly certifiedOn: readonly string[];
  readonly fittedOn: readonly string[];
  /** First and last day of the rows; absent where they do not tell. */
  readonly period?: { readonly first: string; readonly last: string };
  /** Share of all certification rows that the small model has right. */
  readonly accuracy: number;
  /** Of the scores on the certification rows. */
  readonly quality: {
    readonly auroc: number;
    readonly augrc: number;
    readonly brier: number;
    readonly calibration: CalibrationAssessment;
  };
  readonly points: readonly Point[];
  readonly classes: readonly ClassFigures[];
  readonly later?: LaterCheck;
}

const WEEK_MS = 7 * 86_400_000;

/**
 * Fits and certifies one step on labelled answers: rows are dealt to their roles, the confidence is fitted on one part,
 * and the threshold certified on the other, which nothing has looked at before. A row that has no confidence is never
 * kept and counts in every share.
 *
 * @throws Fault `rejected` for a target or delta that is none
 */
export function tuneStep(given: readonly AnsweredRow[], options: TuneOptions): StepTuning {
  const roles = rolesOf(given);
  const fitted = fitConfidence(roles.fit, { ...options, fingerprint: roles.fingerprint });
  const certified = roles.certify.map((row) => ({ row, score: scoreOf(row, fitted?.fit) }));
  const points = certified.flatMap(({ row, score }) =>
    score === undefined ? [] : [{ score, right: row.right }],
  );
  const start = startOf(fitted?.older ?? [], points, options);
  const certification = withAllRows(
    certify(
      points.map(({ score, right }) => ({ score, wrong: !right })),
      start === undefined ? options : { ...options, start },
    ),
    certified.length,
  );
  return {
    options,
    certification,
    ...(start === undefined ? {} : { start }),
    ...(fitted === undefined ? {} : { fit: fitted.fit, fitReason: fitted.reason }),
    rows: {
      given: given.length,
      fit: roles.fit.length,
      certify: roles.certify.length,
      repeated: roles.repeated,
      otherFingerprint: roles.otherFingerprint,
      silent: certified.length - points.length,
    },
    fingerprint: roles.fingerprint,
    data: dataHash(roles.certify.map(({ cluster, label }) => ({ row: cluster, label }))),
    certifiedOn: roles.certify.map(({ cluster }) => cluster).sort(),
    fittedOn: roles.fit.map(({ cluster }) => cluster).sort(),
    ...periodOf(roles.certify),
    accuracy: shareOf(roles.certify.map(({ right }) => right)),
    quality: qualityOf(points),
    points,
    ...breakdown(certified, certification),
  };
}

/**
 * Where the walk starts: where the rows that were fitted to speak most clearly for the claim, if at least as many answers
 * score that much as one error needs. Counting scores looks at no label.
 */
function startOf(
  older: readonly ScoredRow[],
  points: readonly Point[],
  claim: TuneOptions,
): number | undefined {
  const start = startFrom(older, claim);
  if (start === undefined) return undefined;
  const accepted = points.filter(({ score }) => score >= start).length;
  return accepted >= acceptedAllowing(1, claim) ? start : undefined;
}

const shareOf = (right: readonly boolean[]): number =>
  right.length === 0 ? Number.NaN : right.filter(Boolean).length / right.length;

/** Answers without a confidence are never kept: they lower the share of what is. */
function withAllRows(certification: Certification, rows: number): Certification {
  return certification.verdict === 'certified'
    ? { ...certification, rows, coverage: certification.accepted / rows }
    : { ...certification, rows };
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

interface Judged {
  readonly row: AnsweredRow;
  readonly score: number | undefined;
}

function breakdown(
  judged: readonly Judged[],
  certification: Certification,
): Pick<StepTuning, 'classes' | 'later'> {
  if (certification.verdict !== 'certified') return { classes: [] };
  const { threshold } = certification;
  const kept = judged.filter(({ score }) => score !== undefined && score >= threshold);
  const labels = [...new Set(judged.map(({ row }) => row.label))].sort();
  const classes = labels.map((label) => ({
    label,
    rows: judged.filter(({ row }) => row.label === label).length,
    ...errorsOf(kept.filter(({ row }) => row.label === label)),
  }));
  return { classes: classes.sort((one, other) => other.errors - one.errors), ...laterCheck(kept) };
}

function errorsOf(kept: readonly Judged[]): { kept: number; errors: number; interval: Interval } {
  const errors = kept.filter(({ row }) => !row.right).length;
  const interval = kept.length === 0 ? { lower: 0, upper: 1 } : clopperPearson(errors, kept.length, 0.95);
  return { kept: kept.length, errors, interval };
}

/** What was kept in the newest week, where there is older traffic to compare with. */
function laterCheck(kept: readonly Judged[]): Pick<StepTuning, 'later'> {
  const times = kept.flatMap(({ row }) => (row.receivedAt === undefined ? [] : [Date.parse(row.receivedAt)]));
  if (times.length === 0 || times.length < kept.length) return {};
  const [first, last] = [Math.min(...times), Math.max(...times)];
  if (last - first < 2 * WEEK_MS) return {};
  const from = last - WEEK_MS;
  const newest = kept.filter(({ row }) => Date.parse(row.receivedAt ?? '') > from);
  return { later: { from: new Date(from).toISOString().slice(0, 10), ...errorsOf(newest) } };
}
