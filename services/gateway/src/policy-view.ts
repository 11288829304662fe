import { evidence } from '@spillway/confidence/drift';
import { alarmLevel } from '@spillway/confidence/signals';
import { auditCaveat, type Certificate, claimOf, type Shadow, sourceOf } from '@spillway/policy/certificate';
import { alarmReason } from '@spillway/policy/drift-alarm';
import type { Policy, TaskName, TaskPolicy } from '@spillway/policy/policy';
import { reviewAgeDays, reviewWarning } from '@spillway/policy/review';
import type { AlarmView, AuditReport, Savings } from '@spillway/store/ledger';
import { type DriftWatch, type FreezeNote, type ShareWatch, watchLevels } from '@spillway/store/task-watch';
import { z } from 'zod';
import { auditFigures, auditFiguresSchema } from './audit-figures.js';
import { shareSchema, sharesJson } from './share-view.js';

const step = z.enum(['classify', 'extract', 'sentiment', 'draft', 'polish']);
const time = z.string().meta({ format: 'date-time' });
const signal = z
  .enum(['wrong', 'below_threshold', 'out_of_scope', 'outside_labels', 'off_schema'])
  .describe('of audited answers, or of all of them');
const response = z.string().describe('escalate or tighten');
const alarmSource = z
  .enum(['truth', 'agreement'])
  .nullable()
  .describe(
    'whose word the errors are by: people’s labels, or the big model’s answers, from which a difference is no proof of an error; null: no label was asked for, or an earlier version raised it',
  );

const certificateSchema = z.object({
  claim: z.string().describe('what it says, and no more than that'),
  target: z.number(),
  delta: z.number().nullable().describe('null: a joint certificate has none'),
  mode: z.enum(['selective', 'joint']),
  label_source: z.enum(['truth', 'agreement']),
  rows: z.int(),
  accepted: z.int(),
  errors: z.int(),
  data: z.string(),
  fingerprint: z.string(),
  expected: z
    .object({
      rows: z.int(),
      below_threshold: z.int(),
      out_of_scope: z.int().nullable(),
      outside_labels: z.int().nullable(),
      off_schema: z.int().nullable(),
    })
    .nullable()
    .describe('what the answers looked like: so many of the rows'),
  period: z.object({ first: z.string(), last: z.string() }).nullable(),
  certified_on: z.string(),
});

const taskSchema = auditFiguresSchema.extend({
  step,
  threshold: z.number(),
  hold_below: z.number(),
  certificate: certificateSchema.nullable(),
  fallback: z.enum(['escalate', 'hold', 'keep']).describe('for answers that the certificate does not cover'),
  frozen: z
    .object({ fingerprint: z.string(), first_seen: time, last_seen: time })
    .nullable()
    .describe('answers of the last day that the certificate does not cover'),
  shadow: z
    .object({
      rate: z.number(),
      rates: z
        .array(z.number())
        .nullable()
        .describe('where they follow the expected error: that of each twentieth of the confidences'),
      by: z.enum(['model', 'person']).describe('whose word drawn answers are held against'),
      on_alarm: response,
      caveat: z
        .string()
        .nullable()
        .describe('why its alarm does not measure what is promised; null: it does, or nothing is'),
    })
    .nullable(),
  labels_wanted: z.int().describe('drawn in the span, and not labelled yet by a person'),
  drift: z
    .object({
      statistic: z.number(),
      alarm_at: z.number(),
      label_source: z.enum(['truth', 'agreement']).describe('whose word the errors are by').nullable(),
      labels: z.int().describe('audited answers under this version, or since its last alarm'),
      errors: z.int(),
      evidence: z.number().describe('e-value against "at most as many are wrong as the certificate allows"'),
    })
    .nullable(),
  shares: z.array(shareSchema).describe('watched in all small answers, without a label'),
  alarm: z
    .object({
      signal,
      label_source: alarmSource,
      reason: z.string().describe('for a person to read'),
      response,
      raised_at: time,
      since: time.describe('when the change most likely began'),
      labels: z.int().describe('answers observed since then'),
      errors: z.int().describe('of these, answers that were so'),
      allowed: z.number().describe('the highest share that would have been no alarm'),
      statistic: z.number(),
    })
    .nullable()
    .describe('stands until another version of the policy is in force'),
  messages: z.int().describe('messages of the span that had this step'),
  kept_small: z.int(),
  kept_share: z.number().nullable(),
});

/** The answer of `GET /v1/policy`. */
export const policySchema = z.object({
  version: z.string(),
  reviewed_on: z.string(),
  review_age_days: z.int(),
  warning: z.string().nullable().describe('more than a month without a review'),
  from: time.nullable(),
  to: time.nullable(),
  tasks: z.array(taskSchema),
  alarms: z
    .array(
      z.object({
        step,
        signal,
        label_source: alarmSource,
        reason: z.string(),
        policy_version: z.string(),
        response,
        raised_at: time,
        since: time,
        labels: z.int(),
        errors: z.int(),
        allowed: z.number().describe('the highest share that would have been no alarm'),
        statistic: z.number(),
      }),
    )
    .describe('raised in the span, the newest first'),
});

/** What stands against a task's certificate at the moment. */
export interface TaskStanding {
  readonly watch?: DriftWatch;
  readonly shares?: ShareWatch;
  readonly freeze?: FreezeNote;
}

export interface PolicyFacts {
  readonly policy: Policy;
  readonly standings: Readonly<Record<TaskName, TaskStanding>>;
  readonly audits: AuditReport;
  readonly savings: Savings;
  readonly nowMs: number;
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** The policy in force and how it fares. */
export function policyJson(
  facts: PolicyFacts,
  span: { readonly fromMs?: number; readonly toMs?: number },
): object {
  const { policy, audits, nowMs } = facts;
  return {
    version: policy.version,
    reviewed_on: policy.reviewedOn,
    review_age_days: reviewAgeDays(policy, nowMs),
    warning: reviewWarning(policy, nowMs) ?? null,
    from: span.fromMs === undefined ? null : iso(span.fromMs),
    to: span.toMs === undefined ? null : iso(span.toMs),
    tasks: (Object.keys(policy.tasks) as TaskName[]).map((task) => taskJson(task, facts)),
    alarms: audits.alarms.map(alarmJson),
  };
}

const alarmJson = (alarm: AlarmView): object => ({
  step: alarm.step,
  signal: alarm.signal,
  label_source: alarm.labelSource ?? null,
  reason: alarmReason(alarm),
  policy_version: alarm.policyVersion,
  response: alarm.response,
  raised_at: iso(alarm.raisedAtMs),
  since: iso(alarm.sinceMs),
  labels: alarm.labels,
  errors: alarm.errors,
  allowed: alarm.allowed,
  statistic: alarm.statistic,
});

function taskJson(task: TaskName, { policy, standings, audits, savings }: PolicyFacts): object {
  const { threshold, holdBelow, certificate, fallback, shadow } = policy.tasks[task];
  const { keptSmall = 0, messages = 0 } = savings.steps.find((each) => each.step === task) ?? {};
  return {
    step: task,
    threshold,
    hold_below: holdBelow,
    certificate: certificate === undefined ? null : certificateJson(certificate),
    fallback,
    ...standingJson(standings[task], policy.tasks[task]),
    shares: sharesJson(task, policy.tasks[task], standings[task].shares),
    shadow: shadow === undefined ? null : shadowJson(shadow, certificate),
    labels_wanted: audits.open.find((each) => each.step === task)?.requests ?? 0,
    messages,
    kept_small: keptSmall,
    kept_share: messages === 0 ? null : keptSmall / messages,
    ...auditFigures(audits.groups.filter((group) => group.step === task)),
  };
}

const shadowJson = (shadow: Shadow, certificate: Certificate | undefined): object => ({
  rate: shadow.rate,
  rates: shadow.rates ?? null,
  by: shadow.by ?? 'model',
  on_alarm: shadow.onAlarm,
  caveat: (certificate && auditCaveat(certificate, shadow)) ?? null,
});

const certificateJson = (certificate: Certificate): object => ({
  claim: claimOf(certificate),
  target: certificate.target,
  delta: certificate.delta ?? null,
  mode: certificate.mode,
  label_source: certificate.labelSource,
  rows: certificate.rows,
  accepted: certificate.accepted,
  errors: certificate.errors,
  data: certificate.data,
  fingerprint: certificate.fingerprint,
  expected:
    certificate.expected === undefined
      ? null
      : {
          rows: certificate.expected.rows,
          below_threshold: certificate.expected.belowThreshold,
          out_of_scope: certificate.expected.outOfScope ?? null,
          outside_labels: certificate.expected.outsideLabels ?? null,
          off_schema: certificate.expected.offSchema ?? null,
        },
  period: certificate.period ?? null,
  certified_on: certificate.certifiedOn,
});

function standingJson({ watch, freeze }: TaskStanding, terms: TaskPolicy): object {
  const alarm = watch?.alarms.at(-1);
  return {
    frozen:
      freeze === undefined
        ? null
        : { fingerprint: freeze.fingerprint, first_seen: iso(freeze.firstMs), last_seen: iso(freeze.lastMs) },
    drift:
      watch === undefined
        ? null
        : {
            statistic: watch.drift.statistic,
            alarm_at: alarmLevel(watchLevels(terms)),
            label_source: terms.shadow === undefined ? null : sourceOf(terms.shadow),
            labels: watch.drift.labels,
            errors: watch.drift.errors,
            evidence: evidence(watch.drift),
          },
    alarm:
      alarm === undefined
        ? null
        : {
            signal: alarm.signal,
            label_source: alarm.labelSource ?? null,
            reason: alarmReason(alarm),
            response: alarm.response,
            raised_at: iso(alarm.raisedAtMs),
            since: iso(alarm.sinceMs),
            labels: alarm.labels,
            errors: alarm.errors,
            allowed: alarm.allowed,
            statistic: alarm.statistic,
          },
  };
}
