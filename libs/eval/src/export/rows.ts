import { oneOfEach, rowHash } from '@spillway/confidence/data-rows';
import { Fault } from '@spillway/contracts/fault';
import type { StepInput } from '@spillway/models/language-model';
import { readAnswer } from '@spillway/models/steps';
import { type AnswerWriter, answerWriter, type WrittenAnswer } from '@spillway/models/written-answer';
import type { Pack } from '@spillway/pack/pack';
import type { MessageView, StepName, StepValue } from '@spillway/store/ledger';
import { type LeftOut, leftOutCounter } from './left-out.js';
import type { Masking, ReadValue } from './mask.js';
import { maskedExchange } from './masked-row.js';
import { readValues } from './read-values.js';
import { replyFrame } from './reply-frame.js';
import { type SenderNames, senderNames } from './sender-names.js';
import { type Part, partOf } from './split.js';
import { type AskedMessage, stepInput } from './step-input.js';
import { classOf, stepResult } from './step-result.js';
import {
  type AnsweredMessage,
  isPersons,
  type Origin,
  type Source,
  trustedAnswer,
} from './trusted-answer.js';

/** One message with what its step should answer. Masked, unless that was not wanted. */
export interface ExportRow {
  /** The message's id. */
  readonly id: string;
  /** Never written: what a channel knows a conversation by can be a telephone number. */
  readonly conversationId: string;
  /** Row hash of the text as it came. */
  readonly hash: string;
  /** Of messages with the same one stays. */
  readonly maskedText: string;
  readonly part: Part;
  readonly origin: Origin;
  /** The big model that answered; null for a person's word. */
  readonly model: string | null;
  readonly embedded: boolean;
  readonly receivedAtMs: number;
  /** The class that figures are broken down by. */
  readonly label: string;
  readonly input: StepInput;
  /** As the model has to write it. */
  readonly answer: WrittenAnswer;
  /** As a person would: a classification by the name of its label. */
  readonly value: StepValue;
  readonly masked: ReadonlyMap<string, number>;
}

export interface ExportOptions {
  readonly pack: Pack;
  readonly step: StepName;
  readonly sources: ReadonlySet<Source>;
  readonly masking: Masking;
  /** Rows stay as they were written: the mask then only tells which of them are the same. */
  readonly unmasked: boolean;
  /** Row hashes of texts that no model may be trained on, as they stand and masked. */
  readonly heldOut: ReadonlySet<string>;
  /** Key of the split into parts. */
  readonly splitKey: string;
}

export interface Exported {
  /** Oldest first. */
  readonly rows: readonly ExportRow[];
  readonly leftOut: readonly LeftOut[];
}

/** What is needed of a message. */
export type ExportedMessage = AskedMessage &
  AnsweredMessage &
  Pick<MessageView, 'id' | 'conversationId' | 'customer'>;

/**
 * Gathers the rows of a step out of messages that are handed in in any order. What was read out of any message of a
 * conversation is masked in all of its rows. Of messages whose folded text is the same once it is masked one stays: with a
 * person's word where there is one, else the oldest.
 */
export function rowGatherer(options: ExportOptions) {
  const left = leftOutCounter();
  const asked: AskedRow[] = [];
  const conversations = new Set<string>();
  const values = readValues();
  const read = rowReader(options);
  const mask = rowMasker(options);
  return {
    add(message: ExportedMessage): void {
      values.add(message);
      const row = read(message);
      if (row === undefined) return;
      if ('left' in row) left.add(row.left, message.id);
      else {
        asked.push(row);
        conversations.add(row.conversationId);
      }
    },
    /** A message that is no row itself: what was read out of it is masked in the rows of its conversation that are in. */
    recall(message: ExportedMessage): void {
      if (conversations.has(message.conversationId)) values.add(message);
    },
    /** Once all messages are in. */
    finish(): Exported {
      const rows: ExportRow[] = [];
      for (const each of asked) {
        const row = mask(each, values.of(each.conversationId));
        if ('left' in row) left.add(row.left, each.id);
        else rows.push(row);
      }
      const bestFirst = rows.toSorted(
        (one, other) =>
          Number(isPersons(other.origin)) - Number(isPersons(one.origin)) || byReceipt(one, other),
      );
      const kept = oneOfEach(
        bestFirst,
        ({ maskedText }) => maskedText,
        () => undefined,
      ).toSorted(byReceipt);
      const ids = new Set(kept.map(({ id }) => id));
      for (const { id } of rows) if (!ids.has(id)) left.add('duplicate', id);
      return { rows: kept, leftOut: left.sum() };
    },
  };
}

const byReceipt = (
  one: Pick<ExportRow, 'receivedAtMs' | 'id'>,
  other: Pick<ExportRow, 'receivedAtMs' | 'id'>,
): number => one.receivedAtMs - other.receivedAtMs || (one.id < other.id ? -1 : 1);

/** A row before it is masked. */
type AskedRow = Omit<ExportRow, 'maskedText' | 'masked'> & { readonly names: SenderNames };

function rowReader({ pack, step, sources, heldOut, splitKey }: ExportOptions) {
  const frame = replyFrame(pack);
  const write = answerWriter(pack);
  return (message: ExportedMessage) => {
    const found = trustedAnswer(message, step, sources, frame);
    if (found === undefined || 'left' in found) return found;
    const { value, ...source } = found;
    const input = stepInput(message, step);
    if (input === undefined) return { left: 'inputs_missing' } as const;
    const hash = rowHash(message.text);
    if (heldOut.has(hash)) return { left: 'in_eval_set' } as const;
    const answer = checkedAnswer(write, { step, value, input, pack });
    if (answer === undefined) return { left: 'off_the_pack' } as const;
    const greeted = 'reply' in answer ? frame.greeted(answer.reply) : undefined;
    const names = senderNames(message.customer);
    return {
      id: message.id,
      conversationId: message.conversationId,
      hash,
      part: partOf(message.conversationId, splitKey),
      ...source,
      receivedAtMs: message.receivedAtMs,
      label: classOf(value),
      input,
      answer,
      value,
      names: greeted === undefined ? names : withGreeted(names, greeted),
    };
  };
}

function rowMasker({ masking, unmasked, heldOut }: ExportOptions) {
  return ({ names, ...row }: AskedRow, read: readonly ReadValue[]) => {
    const { input, answer, counts } = maskedExchange(row, { names, read }, masking);
    if (heldOut.has(rowHash(input.text))) return { left: 'in_eval_set' } as const;
    const asWritten = { ...row, maskedText: input.text, masked: new Map<string, number>() };
    return unmasked ? asWritten : { ...asWritten, input, answer, masked: counts };
  };
}

/** Whom the reply greets is the sender. */
function withGreeted(names: SenderNames, greeted: string): SenderNames {
  const more = senderNames(greeted);
  return { whole: [...names.whole, ...more.whole], words: [...new Set([...names.words, ...more.words])] };
}

interface Answered {
  readonly step: StepName;
  readonly value: StepValue;
  readonly input: StepInput;
  readonly pack: Pack;
}

const noUsage = {
  inputTokens: 0n,
  cachedInputTokens: 0n,
  outputTokens: 0n,
  reasoningTokens: 0n,
  estimated: false,
};

/** The answer as a model has to write it; undefined for one that production would not take. */
function checkedAnswer(
  write: AnswerWriter,
  { step, value, input, pack }: Answered,
): WrittenAnswer | undefined {
  try {
    const answer = write(stepResult(value), input);
    const text = JSON.stringify(answer);
    readAnswer(
      step,
      { text, usage: noUsage, finishReason: 'stop', fingerprint: '', attempts: 1 },
      input,
      pack,
    );
    return answer;
  } catch (error) {
    if (error instanceof Fault && error.code !== 'unknown') return undefined;
    throw error;
  }
}
