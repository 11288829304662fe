import { counted } from '@spillway/confidence/counted';
import { dollarsOf } from '@spillway/pack/prices';
import { claimOf, errorWords, percent } from '@spillway/policy/certificate';
import { alarmReason } from '@spillway/policy/drift-alarm';
import type { Money } from '@spillway/store/ledger';
import { reviewClaimsText } from './claims.js';
import type { AuditedMonth, TaskMonth, TaskReview } from './review.js';
import { type ScoreMonth, scoreBins } from './scores.js';

/** A month's review, ready to be shown. */
export interface MonthReview {
  readonly pack: string;
  /** As `2026-11`. */
  readonly month: string;
  /** ISO day on which the review was made. */
  readonly day: string;
  readonly over: boolean;
  readonly policyVersion: string;
  /** ISO date of the newest price used. */
  readonly pricesFrom: string;
  readonly tasks: readonly TaskReview[];
}

const methodName = { clopper_pearson: 'Clopper-Pearson', korn_graubard: 'Korn-Graubard' } as const;

const actionName = {
  none: 'nothing to decide',
  keep: 'keep',
  keep_and_label: 'keep, and label more',
  loosen: 'lower the threshold',
  roll_back: 'raise the threshold',
  escalate_all: 'escalate everything',
} as const;

/** What is proposed, in a few words. */
export const actionOf = ({ recommendation }: TaskReview): string => actionName[recommendation.action];

/** Money to the nano-dollar; what has no known price is told of. */
export const moneyText = ({ knownNanos, unpriced }: Money): string =>
  `$${dollarsOf(knownNanos)}${unpriced === 0 ? '' : ` and ${counted(unpriced, 'call')} without a known price`}`;

const shareText = (count: number, of: number): string =>
  of === 0 ? String(count) : `${count} (${percent(count / of)})`;

/** The audit's finding in a sentence, with everything that it rests on and by whose word. */
export function auditText({ source, missing, error, firstMs, lastMs, policyVersions }: AuditedMonth): string {
  const rest = `${dayOf(firstMs)} to ${dayOf(lastMs)}, policy ${policyVersions.join(', ')}`;
  const without = missing === 0 ? '' : `; ${missing} more were drawn and have no label`;
  if (error === undefined) return `no label, ${rest}${without}`;
  const { errors, labels, share, interval, method } = error;
  return (
    `${percent(share)} (95 % interval ${percent(interval.lower)} to ${percent(interval.upper)}, ${methodName[method]}): ` +
    `${errors} of ${labels} ${errorWords[source].many}, ${rest}${without}`
  );
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

type Figure = readonly [name: string, now: string, before: string];

/** One line for each source of labels that the audit asked: their figures are never put together. */
function auditedFigures(now: TaskMonth, before: TaskMonth | undefined): readonly Figure[] {
  const asked = [...now.audited, ...(before?.audited ?? [])].map(({ source }) => source);
  const sources = (['truth', 'agreement'] as const).filter((source) => asked.includes(source));
  if (sources.length === 0) return [['audited', 'not audited', before === undefined ? '–' : 'not audited']];
  return sources.map((source) => {
    const show = ({ audited }: TaskMonth): string =>
      audited.flatMap((each) => (each.source === source ? [auditText(each)] : []))[0] ?? 'not audited';
    return [
      `kept, and ${errorWords[source].so}`,
      show(now),
      before === undefined ? '–' : show(before),
    ] as const;
  });
}

/** What people labelled without having been asked, apart from all shares. */
const pickedText = ({ picked: { labels, errors } }: TaskMonth): string =>
  labels === 0 ? '0' : `${labels}, ${errors} of them call the answer wrong; they stand for no others`;

/** The figures of a task with those of the month before; a dash where there are none. */
export function figuresOf({ now, before, drift, frozen, alarms, policy }: TaskReview): readonly Figure[] {
  const compared = (name: string, show: (month: TaskMonth) => string): Figure => [
    name,
    show(now),
    before === undefined ? '–' : show(before),
  ];
  const once = (name: string, text: string): Figure => [name, text, '–'];
  return [
    compared('messages', ({ messages }) => String(messages)),
    compared('kept small', ({ keptSmall, messages }) => shareText(keptSmall, messages)),
    compared('escalated', ({ escalated, messages }) => shareText(escalated, messages)),
    compared('held for a person', ({ held }) => String(held)),
    ...auditedFigures(now, before),
    compared('labelled by people unasked', pickedText),
    once(
      'drift statistic over the month',
      drift === undefined
        ? 'no certificate, or no label of its source'
        : `${drift.statistic.toPrecision(3)} of ${drift.alarmAt} (${drift.errors} of ${drift.labels} ${errorWords[policy.certificate?.labelSource ?? 'truth'].so}, ${percent(drift.allowed)} allowed; evidence ${drift.evidence.toPrecision(3)})`,
    ),
    once(
      'alarms',
      alarms
        .map((alarm) => `${dayOf(alarm.raisedAtMs)}: ${alarmReason(alarm)}, ${alarm.response}`)
        .join('; ') || 'none',
    ),
    once(
      'not covered by the certificate',
      frozen
        .map(
          ({ fingerprint, answers }) =>
            `${counted(answers, 'answer')} of ${fingerprint || 'an unnamed model'}`,
        )
        .join('; ') || 'none',
    ),
    compared('cost of the small model', ({ cost }) => moneyText(cost.small)),
    compared('cost of the big model', ({ cost }) => moneyText(cost.big)),
    compared('cost of the audit', ({ cost }) => moneyText(cost.audit)),
    compared('all on the big model', ({ baseline }) => moneyText(baseline)),
  ];
}

/** What the certificate of a task says and rests on. */
export function certificateText({ policy: { certificate } }: TaskReview): string {
  if (certificate === undefined) return 'No certificate: the threshold promises nothing.';
  const { rows, accepted, errors, data, certifiedOn, fingerprint, labelSource } = certificate;
  return `${claimOf(certificate)} Certified on ${certifiedOn} on ${counted(rows, 'row')} (${errors} of ${accepted} kept are ${errorWords[labelSource].so}), ${data}, for ${fingerprint}.`;
}

/** What a change was tested on; empty where nothing was tested. */
export function lookText({ recommendation: { look } }: TaskReview): string {
  if (look === undefined || !('certification' in look)) return '';
  return `Tested on ${counted(look.rows, 'answer')}, a uniform sample of the month's, ${look.data}: look ${look.number} of the plan, at a delta of ${look.delta.toPrecision(2)}.`;
}

/** What all figures of a review are of. */
export const basisText = ({ month, day, over, policyVersion, pricesFrom }: MonthReview): string =>
  `Messages received in ${month} (UTC)${over ? '' : ', which is not over'}, audits made in it, as the ledger had them on ${day}. ` +
  `Policy ${policyVersion}. Prices of ${pricesFrom}; costs are as they were billed in the ledger, to the nano-dollar.`;

/** What approving does besides the change. */
export const APPROVING =
  'Approving writes who reviewed the policy and when. Where a rule changes, the policy gets a new version, with which standing alarms end and audits start anew.';

/** How far the scores have moved, in a sentence. */
export const scoresText = ({ against, shift }: ScoreMonth): string =>
  `Confidence of the small answers this month against ${against}: population stability index ` +
  `${shift.stability.toFixed(2)} (0.1 is a moderate move, 0.25 a large one), largest distance ${shift.distance.toFixed(2)}.`;

/** Shares of the answers by confidence, as a table with bars. */
export function scoresTable(scores: ScoreMonth): readonly (readonly string[])[] {
  return scoreBins(scores).map(({ from, to, now, before }) => [
    `${from.toFixed(2)} to ${to.toFixed(2)}`,
    share(now),
    share(before),
  ]);
}

/** A block for each started fortieth. */
const share = (part: number): string => `${percent(part)} ${'█'.repeat(Math.ceil(40 * part))}`.trimEnd();

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');

function section(review: TaskReview): string {
  const { task, policy, recommendation, scores, warnings } = review;
  return [
    `## ${task}: ${actionOf(review)}`,
    `${recommendation.reason} ${lookText(review)}`.trimEnd(),
    `Threshold ${policy.threshold}. ${certificateText(review)}`,
    table(['figure', 'this month', 'the month before'], figuresOf(review)),
    ...(scores === undefined
      ? []
      : [scoresText(scores), table(['confidence', 'this month', scores.against], scoresTable(scores))]),
    ...(warnings.length === 0 ? [] : [`Changed, a reason to look: ${warnings.join('; ')}.`]),
  ].join('\n\n');
}

/** The review as Markdown: no customer's text in it. */
export function reviewMarkdown(review: MonthReview): string {
  const claims = reviewClaimsText(review.tasks);
  return `${[
    `# Review of ${review.pack}, ${review.month}`,
    basisText(review),
    APPROVING,
    ...(claims === '' ? [] : [claims]),
    ...review.tasks.map(section),
  ].join('\n\n')}\n`;
}
