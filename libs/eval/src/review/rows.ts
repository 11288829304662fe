import { rowHash } from '@spillway/confidence/data-rows';
import type { LabelSource } from '@spillway/confidence/fit';
import type { LedgerReader, MessageView, StepName } from '@spillway/store/ledger';
import { messagesSince } from '../ledger-messages.js';
import type { Month } from './month.js';

/** What became of one small answer of the month, and what is known of its truth. No text. */
export interface AnswerRow {
  readonly step: StepName;
  readonly message: string;
  readonly conversation: string;
  /** Hash of the folded text. */
  readonly text: string;
  readonly kept: boolean;
  readonly confidence: number | null;
  /** What a classification says; absent for other steps. */
  readonly said?: string;
  /** What else an endpoint's answer showed, by name; absent where nothing did. */
  readonly features?: Readonly<Record<string, number>>;
  readonly fingerprint: string;
  readonly policyVersion: string;
  /** Those that somebody was asked for. */
  readonly audits: readonly AnswerAudit[];
}

export interface AnswerAudit {
  readonly source: LabelSource;
  /** Whether it was drawn among all answers that were kept, or made because this one was not. */
  readonly drawn: boolean;
  /** Chance with which it was drawn; 1 where it was not kept. */
  readonly rate: number;
  /** Null: no label came. */
  readonly wrong: boolean | null;
}

/** The small answers of a month, in the order in which the messages arrived. Reads all messages from its first day on. */
export async function answersOfMonth(
  ledger: LedgerReader,
  { fromMs, toMs }: Month,
): Promise<readonly AnswerRow[]> {
  const rows: AnswerRow[] = [];
  for await (const message of messagesSince(ledger, fromMs)) {
    if (message.receivedAtMs < toMs) rows.push(...answersOf(message));
  }
  return rows.reverse();
}

function answersOf(message: MessageView): readonly AnswerRow[] {
  const text = rowHash(message.text);
  return message.decisions.flatMap(({ step, tier, verdict, confidence, policyVersion }) => {
    const answer = message.steps.find((each) => each.step === step && each.tier === 'small');
    // A call that failed is no answer.
    if (tier !== 'small' || answer === undefined || answer.value === null) return [];
    // What people labelled unasked they picked, often because it looked wrong: it says nothing of the others.
    const audits = message.audits.filter((audit) => audit.step === step && audit.audit !== 'person');
    return [
      {
        step,
        message: message.id,
        conversation: message.conversationId,
        text,
        kept: verdict === 'accept',
        confidence,
        ...(answer.value.kind === 'classification' ? { said: answer.value.label } : {}),
        ...(answer.features === undefined ? {} : { features: answer.features }),
        fingerprint: answer.fingerprint ?? '',
        policyVersion,
        audits: audits.map(({ source, audit, rate, wrong }) => ({
          source,
          drawn: audit === 'shadow',
          rate,
          wrong,
        })),
      },
    ];
  });
}

/** An answer that was kept and drawn, with its label. */
export interface DrawnLabel {
  readonly confidence: number;
  readonly wrong: boolean;
  readonly rate: number;
}

/** Labels of kept answers that stand for all kept ones of this fingerprint from a threshold on. */
export function drawnLabels(
  rows: readonly AnswerRow[],
  covered: { readonly fingerprint: string; readonly source: LabelSource; readonly threshold: number },
): readonly DrawnLabel[] {
  return rows.flatMap(({ kept, confidence, fingerprint, audits }) => {
    if (!kept || confidence === null || confidence < covered.threshold) return [];
    if (fingerprint !== covered.fingerprint) return [];
    return audits.flatMap(({ source, drawn, rate, wrong }) =>
      source === covered.source && drawn && wrong !== null ? [{ confidence, wrong, rate }] : [],
    );
  });
}
