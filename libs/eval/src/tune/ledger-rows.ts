import { rowHash } from '@spillway/confidence/data-rows';
import type { LabelSource } from '@spillway/confidence/fit';
import { LEAST_RATE, sampled } from '@spillway/confidence/shadow-sample';
import type { AuditRequestView, AuditView, MessageView, StepView } from '@spillway/store/ledger';
import type { LabelledStep } from '../dataset.js';
import type { AnsweredRow } from './answered-row.js';

export interface LedgerRowsOptions {
  readonly step: LabelledStep;
  /** `agreement`: what the big model said; `truth`: what people said of messages that had been drawn for them. */
  readonly source: LabelSource;
  /** Decides which of the escalated answers stand in for all of them. */
  readonly seed: string;
  /** Versions of the policy under which answers of the step were kept, also in messages that are not given; left out: none. */
  readonly keptUnder?: ReadonlySet<string>;
}

/** What is needed of a message. */
export type AuditedMessage = Pick<
  MessageView,
  'id' | 'text' | 'conversationId' | 'receivedAtMs' | 'steps' | 'decisions' | 'audits' | 'openAudits'
>;

/** What a ledger gives to tune on. */
export interface LedgerRows {
  readonly rows: readonly AnsweredRow[];
  /** Drawn messages that nobody has come to yet: they are left out, with all traffic since the last one that was labelled. */
  readonly waiting: number;
}

/** A small answer that was decided on. */
interface Answered {
  readonly message: AuditedMessage;
  readonly answer: StepView;
  readonly kept: boolean;
  readonly policyVersion: string;
  /** What was said of it by the wanted source, of a draw that nobody had a say in; absent: nothing. */
  readonly audit?: AuditView;
  /** It was drawn for a person, who has not labelled it yet. */
  readonly request?: AuditRequestView;
}

/**
 * The small answers of a step as rows that look like the traffic. Kept ones count where they were drawn, at some rate, and
 * of all others as large a share is taken (by a keyed hash of the message's id), so that each row stands for as many as any
 * other. What was not kept and has no label of this source, because nobody was asked, is there all the same: without it
 * the traffic would look as sure as what is kept of it. What a person picked, also among drawn messages, is left out, and
 * so is all traffic of policies that kept answers and drew none for this source. Where nothing was kept, as after an alarm
 * that escalates everything, the big model has answered all there is: for its word that is a sample like any other.
 *
 * A drawn message that a person has passed over is there without a label, since people may leave the hard ones for last.
 * Those drawn after the last one that was labelled nobody has come to yet: the rows end there, by how far the work has
 * come and not by what is in it.
 */
export function ledgerRows(
  messages: readonly AuditedMessage[],
  { step, source, seed, keptUnder = new Set() }: LedgerRowsOptions,
): LedgerRows {
  const found = messages.flatMap((message) => answersOf(message, step, source));
  const reached = found
    .filter(isLabelled)
    .reduce((last, { message }) => Math.max(last, message.receivedAtMs), Number.NEGATIVE_INFINITY);
  const waiting = found.filter(({ request, message }) => request && message.receivedAtMs > reached).length;
  const answers = waiting === 0 ? found : found.filter(({ message }) => message.receivedAtMs <= reached);
  const drawn = answers.filter(({ kept, audit, request }) => kept && (audit ?? request) !== undefined);
  const drawnUnder = new Set(drawn.map(({ policyVersion }) => policyVersion));
  const unseenUnder = new Set(answers.filter(({ kept }) => kept).map(({ policyVersion }) => policyVersion));
  const isSeen = (version: string): boolean =>
    drawnUnder.has(version) ||
    (source === 'agreement' && !keptUnder.has(version) && !unseenUnder.has(version));
  const others = answers.filter(({ kept, policyVersion }) => !kept && isSeen(policyVersion));
  const least = drawn.reduce((rate, one) => Math.min(rate, rateOf(one)), 1);
  const rows = [...drawn, ...others]
    .filter((one) => standsIn(one.message.id, least / rateOf(one), seed))
    .map(rowOf);
  return { rows, waiting };
}

const isLabelled = ({ kept, audit }: Answered): boolean => kept && audit !== undefined;

/** With which chance an answer was looked at. */
const rateOf = ({ kept, audit, request }: Answered): number => (kept ? ((audit ?? request)?.rate ?? 0) : 1);

const standsIn = (id: string, share: number, key: string): boolean =>
  share >= 1 || sampled({ key: `tune:${key}`, id, rate: Math.max(LEAST_RATE, share) });

function answersOf(message: AuditedMessage, step: LabelledStep, source: LabelSource): readonly Answered[] {
  const answer = message.steps.find((one) => one.step === step && one.tier === 'small');
  const decision = message.decisions.find((one) => one.step === step && one.tier === 'small');
  if (answer === undefined || answer.value === null || decision === undefined) return [];
  // It came too late: the decision was on the silence before it.
  if (decision.confidence === null && answer.confidence !== null) return [];
  const kept = decision.verdict === 'accept';
  const kind = kept ? 'shadow' : 'escalated';
  const audit = message.audits.find(
    (one) => one.step === step && one.source === source && one.audit === kind && one.rate > 0,
  );
  const { policyVersion } = decision;
  const request =
    source === 'truth' && audit === undefined
      ? message.openAudits.find((one) => one.step === step)
      : undefined;
  return [
    {
      message,
      answer,
      kept,
      policyVersion,
      ...(audit === undefined ? {} : { audit }),
      ...(request === undefined ? {} : { request }),
    },
  ];
}

function rowOf({ message, audit, request, answer }: Answered): AnsweredRow {
  const { confidence, rawConfidence } = answer;
  const wrong = audit?.wrong ?? null;
  return {
    cluster: rowHash(message.text),
    conversationId: message.conversationId,
    receivedAt: new Date(message.receivedAtMs).toISOString(),
    label: labelOf(answer),
    right: wrong === false,
    ...(wrong === null ? { unlabelled: true } : {}),
    ...(request === undefined ? {} : { open: true }),
    ...(answer.value?.kind === 'classification' ? { said: answer.value.label } : {}),
    ...(answer.features === undefined ? {} : { features: answer.features }),
    ...(rawConfidence === null
      ? {}
      : {
          signal: {
            raw: rawConfidence,
            calibrated: confidence ?? rawConfidence,
            embedded: answer.confidenceSource === 'embedded',
            features: answer.features ?? {},
          },
        }),
    fingerprint: answer.fingerprint ?? '',
  };
}

/** What the small model said: the right label is known only where it agreed. */
function labelOf({ value }: StepView): string {
  switch (value?.kind) {
    case 'classification':
      return value.label;
    case 'sentiment':
      return value.mood;
    case 'extraction':
      return [...new Set(value.fields.map(({ name }) => name))].sort().join(' + ') || '(no field)';
    default:
      return '(no answer)';
  }
}
