import { ALARM_AT, type DriftState, evidence, observe, UNDRIFTED } from '@spillway/confidence/drift';
import type { LabelSource } from '@spillway/confidence/fit';
import { type ShadowError, shadowError } from '@spillway/confidence/shadow-interval';
import { alarmLevel } from '@spillway/confidence/signals';
import { allowedErrorRate, type Certificate } from '@spillway/policy/certificate';
import type { TaskName, TaskPolicy } from '@spillway/policy/policy';
import type {
  AlarmView,
  AuditGroup,
  AuditReport,
  Money,
  Savings,
  StepSavings,
  StepTier,
} from '@spillway/store/ledger';
import { watchLevels } from '@spillway/store/task-watch';
import { expectedTraffic, signsOf } from '../expected-traffic.js';
import type { Spend } from '../tune/spent-rows.js';
import { takeLook, thinnedRows } from './look.js';
import type { Month } from './month.js';
import { type AnswerRow, drawnLabels } from './rows.js';
import { LEVEL, type Recommendation, recommend } from './rule.js';
import { type ScoreMonth, scoresOf } from './scores.js';
import { warningsOf } from './warnings.js';

/** What happened to one task in a month. */
export interface TaskMonth {
  /** Messages that had this task. */
  readonly messages: number;
  /** Results of the small model that were kept, results sent on to the big one, and held for a person. */
  readonly keptSmall: number;
  readonly escalated: number;
  readonly held: number;
  /** By who answered: `audit` is the big model beside the traffic. */
  readonly cost: Readonly<Record<StepTier, Money>>;
  /** All messages on the big model. */
  readonly baseline: Money;
  /** Of what was kept, by whose labels. */
  readonly audited: readonly AuditedMonth[];
  /** What people labelled without having been asked, and what they called wrong of it: people pick what looks odd. */
  readonly picked: { readonly labels: number; readonly errors: number };
}

/** What the audit of kept answers found, by one source of labels. */
export interface AuditedMonth {
  readonly source: LabelSource;
  readonly missing: number;
  /** Absent where no label came. */
  readonly error?: ShadowError;
  readonly fingerprints: readonly string[];
  readonly policyVersions: readonly string[];
  readonly firstMs: number;
  readonly lastMs: number;
}

/** The drift statistic over the month's labels, from its beginning. */
export interface DriftMonth extends Pick<DriftState, 'labels' | 'errors' | 'statistic'> {
  readonly evidence: number;
  /** Where the detector rings in production. */
  readonly alarmAt: number;
  /** Share of kept answers that may be wrong. */
  readonly allowed: number;
}

export interface TaskReview {
  readonly task: TaskName;
  readonly policy: TaskPolicy;
  readonly now: TaskMonth;
  /** Absent where nothing happened. */
  readonly before?: TaskMonth;
  readonly drift?: DriftMonth;
  readonly alarms: readonly AlarmView[];
  /** Fingerprints of audited answers that the certificate does not cover, with their number. */
  readonly frozen: readonly { readonly fingerprint: string; readonly answers: number }[];
  /** Absent where there is nothing to compare. */
  readonly scores?: ScoreMonth;
  /** What changed: reasons to look, no statements about errors. */
  readonly warnings: readonly string[];
  readonly recommendation: Recommendation;
}

export interface MonthFacts {
  readonly month: Month;
  readonly savings: Savings;
  readonly audits: AuditReport;
  readonly savingsBefore: Savings;
  readonly auditsBefore: AuditReport;
  /** Small answers of the month. */
  readonly answers: readonly AnswerRow[];
  /** Those of the month before. */
  readonly answersBefore: readonly AnswerRow[];
  readonly tasks: Readonly<Record<TaskName, TaskPolicy>>;
  /** What changes the order of each task's scores besides its fingerprint. */
  readonly scorers: Readonly<Partial<Record<TaskName, unknown>>>;
  readonly spent: readonly Spend[];
  readonly nowMs: number;
}

const tiers = ['small', 'big', 'audit', 'human'] as const satisfies readonly StepTier[];
const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** Reviews every task of a month. The same facts give the same review. */
export const reviewMonth = (facts: MonthFacts): readonly TaskReview[] =>
  (Object.keys(facts.tasks) as TaskName[]).map((task) => reviewTask(task, facts));

function reviewTask(task: TaskName, facts: MonthFacts): TaskReview {
  const policy = facts.tasks[task];
  const now = taskMonth(task, facts.savings, facts.audits);
  const before = taskMonth(task, facts.savingsBefore, facts.auditsBefore);
  const answers = facts.answers.filter(({ step }) => step === task);
  const alarms = facts.audits.alarms.filter(({ step }) => step === task);
  const frozen = uncovered(answers, policy.certificate);
  const drift = driftOf(answers, policy);
  const scores = scoresOf(
    answers,
    facts.answersBefore.filter(({ step }) => step === task),
    policy.certificate,
  );
  return {
    task,
    policy,
    now,
    ...(before.messages === 0 ? {} : { before }),
    ...(drift === undefined ? {} : { drift }),
    alarms,
    frozen,
    ...(scores === undefined ? {} : { scores }),
    warnings: warningsOf({ before, now, scores }),
    recommendation: recommendationOf(task, facts, { answers, alarms, frozen }),
  };
}

function taskMonth(task: TaskName, savings: Savings, audits: AuditReport): TaskMonth {
  const step = savings.steps.find((each) => each.step === task);
  const ofTask = audits.groups.filter((group) => group.step === task);
  const groups = ofTask.filter(({ audit }) => audit === 'shadow');
  const picked = ofTask.filter(({ audit }) => audit === 'person');
  return {
    messages: step?.messages ?? 0,
    keptSmall: step?.keptSmall ?? 0,
    escalated: step?.escalated ?? 0,
    held: step?.held ?? 0,
    cost: Object.fromEntries(tiers.map((tier) => [tier, costOf(step, tier)])) as Record<StepTier, Money>,
    baseline: step?.baseline ?? { knownNanos: 0n, unpriced: 0 },
    audited: (['truth', 'agreement'] as const).flatMap((source) => {
      const ofSource = groups.filter((group) => group.source === source);
      return ofSource.length === 0 ? [] : [auditedMonth(source, ofSource)];
    }),
    picked: {
      labels: picked.reduce((sum, { labels }) => sum + labels, 0),
      errors: picked.reduce((sum, { errors }) => sum + errors, 0),
    },
  };
}

const costOf = (step: StepSavings | undefined, tier: StepTier): Money =>
  (step?.models ?? [])
    .filter((model) => model.tier === tier)
    .reduce(
      (sum, { cost }) => ({
        knownNanos: sum.knownNanos + cost.knownNanos,
        unpriced: sum.unpriced + cost.unpriced,
      }),
      { knownNanos: 0n, unpriced: 0 },
    );

function auditedMonth(source: LabelSource, groups: readonly AuditGroup[]): AuditedMonth {
  const labels = groups.flatMap(({ rate, labels: count, errors }) =>
    Array.from({ length: count }, (_, at) => ({ rate, wrong: at < errors })),
  );
  return {
    source,
    missing: groups.reduce((sum, { missing }) => sum + missing, 0),
    ...(labels.length === 0 ? {} : { error: shadowError(labels, LEVEL) }),
    fingerprints: [...new Set(groups.map(({ fingerprint }) => fingerprint))],
    policyVersions: [...new Set(groups.map(({ policyVersion }) => policyVersion))],
    firstMs: Math.min(...groups.map(({ firstMs }) => firstMs)),
    lastMs: Math.max(...groups.map(({ lastMs }) => lastMs)),
  };
}

function uncovered(
  answers: readonly AnswerRow[],
  certificate: Certificate | undefined,
): TaskReview['frozen'] {
  if (certificate === undefined) return [];
  const counts = new Map<string, number>();
  for (const { fingerprint } of answers) {
    if (fingerprint !== certificate.fingerprint) counts.set(fingerprint, (counts.get(fingerprint) ?? 0) + 1);
  }
  return [...counts].map(([fingerprint, count]) => ({ fingerprint, answers: count }));
}

const coveredBy = ({ fingerprint, labelSource: source }: Certificate, threshold: number) => ({
  fingerprint,
  source,
  threshold,
});

function driftOf(answers: readonly AnswerRow[], policy: TaskPolicy): DriftMonth | undefined {
  const { certificate, threshold } = policy;
  if (certificate === undefined) return undefined;
  const labels = drawnLabels(answers, coveredBy(certificate, threshold));
  const allowed = allowedErrorRate(certificate);
  // The detector knows no level from a half on.
  if (labels.length === 0 || allowed >= 0.5) return undefined;
  const least = Math.min(...labels.map(({ rate }) => rate));
  let state = UNDRIFTED;
  for (const { wrong, rate } of labels) state = observe(state, { wrong, weight: least / rate }, allowed);
  // Also a task that is not audited any more is held against the level that it would have.
  const alarmAt = alarmLevel(watchLevels(policy)) || ALARM_AT;
  return { ...state, evidence: evidence(state), allowed, alarmAt };
}

function recommendationOf(
  task: TaskName,
  { month, tasks, scorers, spent, nowMs }: MonthFacts,
  {
    answers,
    alarms,
    frozen,
  }: Pick<TaskReview, 'alarms' | 'frozen'> & { readonly answers: readonly AnswerRow[] },
): Recommendation {
  const { threshold, certificate } = tasks[task];
  if (certificate === undefined) return recommend(ruleFacts());
  const labels = drawnLabels(answers, coveredBy(certificate, threshold));
  const covered = answers.filter(({ fingerprint }) => fingerprint === certificate.fingerprint);
  const seen = covered.map(({ confidence: score, said, features = {} }) => ({
    score,
    said,
    ...signsOf(features),
  }));
  return recommend({
    ...ruleFacts(),
    certificate,
    expected: (at) => expectedTraffic(seen, at),
    ...(labels.length === 0 ? {} : { error: shadowError(labels, LEVEL) }),
    look: (start) =>
      takeLook(thinnedRows(answers, certificate), {
        task,
        certificate,
        scorer: scorers[task],
        earlier: spent,
        day: dayOf(nowMs),
        start,
      }),
  });

  function ruleFacts() {
    return {
      threshold,
      alarms: alarms.length,
      uncovered: frozen.reduce((sum, each) => sum + each.answers, 0),
      over: nowMs >= month.toMs,
      day: dayOf(nowMs),
      period: `${dayOf(month.fromMs)}/${dayOf(month.toMs - 1)}`,
      look: () => ({ refused: 'There is no certificate.' }),
    };
  }
}

/** What the looks of a review spend: to be written down before anyone sees its result. */
export const spendsOfReview = (reviews: readonly TaskReview[]): readonly Spend[] =>
  reviews.flatMap(({ recommendation: { look } }) =>
    look !== undefined && 'spend' in look && look.spend !== undefined ? [look.spend] : [],
  );
