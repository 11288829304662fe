import { rowHash } from '@spillway/confidence/data-rows';
import { ConfidenceSource } from '@spillway/contracts/model';
import type { StepCompletedInit } from '@spillway/models/runner';
import type { LabelledRow, LabelledStep, Labels } from '../dataset.js';
import { isRight } from '../grade.js';

/** How sure the small model was of an answer. */
export interface Signal {
  readonly raw: number;
  readonly calibrated: number;
  /** An embedded model's confidence is calibrated on the pack's examples: nothing is fitted to it here. */
  readonly embedded: boolean;
  readonly features: Readonly<Record<string, number>>;
}

/** A labelled message with what the small model made of it. Holds nothing that a customer wrote. */
export interface AnsweredRow {
  /** Hash of the folded text: the same for messages that differ in case, punctuation and white space alone. */
  readonly cluster: string;
  readonly conversationId?: string;
  readonly receivedAt?: string;
  /** The class that the label names: what figures are broken down by. */
  readonly label: string;
  readonly right: boolean;
  /** No label came, and `right` is false: it counts as wrong where a promise is tested, and nothing is fitted to it. */
  readonly unlabelled?: true;
  /** It was drawn for a person, who has not labelled it yet; it is `unlabelled` too. */
  readonly open?: true;
  /** The call failed: that says nothing of the traffic. */
  readonly failed?: true;
  /** What a classification says; absent for other steps. */
  readonly said?: string;
  /** What else an endpoint's answer showed, by name; absent for embedded models. */
  readonly features?: Readonly<Record<string, number>>;
  /** Absent: there is no confidence, so the answer is never kept. */
  readonly signal?: Signal;
  readonly fingerprint: string;
}

/** What the label of a row counts as in a breakdown. */
function classOf(label: LabelledRow['label']): string {
  if (typeof label === 'string') return label;
  const names = Object.keys(label as Labels['extract']).sort();
  return names.length === 0 ? '(no field)' : names.join(' + ');
}

/** Puts together what was asked and what came back. */
export function answeredRow(
  step: LabelledStep,
  row: LabelledRow,
  completed: Pick<StepCompletedInit, 'result' | 'confidence' | 'call'>,
): AnsweredRow {
  const { confidence } = completed;
  const signal =
    confidence?.raw === undefined || completed.result?.case === 'failure'
      ? undefined
      : {
          raw: confidence.raw,
          calibrated: confidence.calibrated ?? confidence.raw,
          embedded: confidence.source === ConfidenceSource.EMBEDDED,
          features: confidence.features ?? {},
        };
  return {
    cluster: rowHash(row.input.text),
    ...(row.conversationId === undefined ? {} : { conversationId: row.conversationId }),
    ...(row.receivedAt === undefined ? {} : { receivedAt: row.receivedAt }),
    label: classOf(row.label),
    right: isRight(step, completed, row.label),
    ...(completed.result === undefined || completed.result.case === 'failure' ? { failed: true } : {}),
    ...(completed.result?.case === 'classification' && completed.result.value.label !== undefined
      ? { said: completed.result.value.label }
      : {}),
    ...(confidence?.features === undefined ? {} : { features: confidence.features }),
    ...(signal === undefined ? {} : { signal }),
    fingerprint: completed.call?.fingerprint ?? '',
  };
}
