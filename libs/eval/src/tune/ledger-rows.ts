import { rowHash } from '@spillway/confidence/data-rows';
import type { LabelSource } from '@spillway/confidence/fit';
import { LEAST_RATE, sampled } from '@spillway/confidence/shadow-sample';
import type { AuditView, MessageView, StepView } from '@spillway/store/ledger';
import type { LabelledStep } from '../dataset.js';
import type { AnsweredRow } from './answered-row.js';

export interface LedgerRowsOptions {
  readonly step: LabelledStep;
  /** `agreement`: what the big model said; `truth`: what people said of messages that had been drawn. */
  readonly source: LabelSource;
  /** Decides which of the escalated answers stand in for all of them. */
  readonly seed: string;
}

/** What is needed of a message. */
export type AuditedMessage = Pick<
  MessageView,
  'id' | 'text' | 'conversationId' | 'receivedAtMs' | 'steps' | 'audits'
>;

interface Audited {
  readonly message: AuditedMessage;
  readonly audit: AuditView;
  readonly answer: StepView;
}

/**
 * The audited answers of a step as rows that look like the traffic. Kept answers were audited at some rate and escalated
 * ones always: all are thinned to the lowest rate, so that each stands for as many as any other (thinning by a keyed hash
 * of the message's id). An audit that no label came for counts as wrong. What a person picked stands for no other
 * message and is left out. Without audits of kept answers there are no rows: escalated ones alone say nothing of them.
 */
export function ledgerRows(
  messages: readonly AuditedMessage[],
  { step, source, seed }: LedgerRowsOptions,
): readonly AnsweredRow[] {
  const audited = messages.flatMap((message) => auditedAnswer(message, step, source));
  const rates = audited.filter(({ audit }) => audit.audit !== 'escalated').map(({ audit }) => audit.rate);
  if (rates.length === 0) return [];
  const rate = Math.min(...rates);
  return audited.filter(({ message, audit }) => standsIn(message.id, rate / rateOf(audit), seed)).map(rowOf);
}

/** Every escalated answer has the big model's word. */
const rateOf = ({ audit, rate }: AuditView): number => (audit === 'escalated' ? 1 : rate);

const standsIn = (id: string, share: number, key: string): boolean =>
  share >= 1 || sampled({ key: `tune:${key}`, id, rate: Math.max(LEAST_RATE, share) });

function auditedAnswer(message: AuditedMessage, step: LabelledStep, source: LabelSource): readonly Audited[] {
  const audit = message.audits.find((one) => one.step === step && one.source === source && one.rate > 0);
  const answer = message.steps.find((one) => one.step === step && one.tier === 'small');
  return audit === undefined || answer === undefined ? [] : [{ message, audit, answer }];
}

function rowOf({ message, audit, answer }: Audited): AnsweredRow {
  const { confidence, rawConfidence } = answer;
  return {
    cluster: rowHash(message.text),
    conversationId: message.conversationId,
    receivedAt: new Date(message.receivedAtMs).toISOString(),
    label: labelOf(answer),
    right: audit.wrong === false,
    ...(answer.value === null ? { failed: true } : {}),
    ...(answer.value?.kind === 'classification' ? { said: answer.value.label } : {}),
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
    fingerprint: audit.fingerprint,
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
