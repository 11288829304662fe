import type { LabelledStep } from '../dataset.js';
import { fieldsOf } from './formats.js';
import { type LeftOutReason, leftOutCounter } from './left-out.js';
import type { Exported, ExportRow } from './rows.js';

/**
 * The eval set of a step that people's corrections go to. It is not the set that thresholds are certified on: people look
 * at what seems wrong, so these messages stand for no traffic.
 */
export const correctedSet = (step: LabelledStep): string => `eval/${step}.corrected.jsonl`;

/**
 * The rows that may join an eval set: none that has certified anything (`spent`, by row hashes), one of each conversation,
 * and none whose label the mask has taken out of the message. Of a file of eval lines the subject is no part.
 */
export function correctedRows({ rows, leftOut }: Exported, spent: ReadonlySet<string>): Exported {
  const left = leftOutCounter();
  const conversations = new Set<string>();
  const kept = rows.filter((row) => {
    const reason = reasonAgainst(row, spent, conversations);
    if (reason === undefined) conversations.add(row.conversationId);
    else left.add(reason, row.id);
    return reason === undefined;
  });
  return { rows: kept, leftOut: [...leftOut, ...left.sum()] };
}

function reasonAgainst(
  row: ExportRow,
  spent: ReadonlySet<string>,
  conversations: ReadonlySet<string>,
): LeftOutReason | undefined {
  if (spent.has(row.hash)) return 'spent';
  if (conversations.has(row.conversationId)) return 'same_conversation';
  if (!('fields' in row.answer)) return undefined;
  const { fields } = row.answer;
  const found = row.value.kind === 'extraction' ? row.value.fields : [];
  if (fields.some(({ value }, at) => value !== found[at]?.value)) return 'masked_label';
  return fields.every(({ evidence }) => row.input.text.includes(evidence)) ? undefined : 'off_the_pack';
}

/** The set with the rows behind what is there, as a pack's eval files are written. */
export const withRows = (before: string | null, rows: readonly ExportRow[]): string =>
  [endedLines(before ?? ''), ...rows.map(evalLine)].join('');

const endedLines = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`);

function evalLine({ id, input, answer, value, receivedAtMs }: ExportRow): string {
  const { text } = input;
  if (value.kind === 'classification') return line({ id, text, label: value.label });
  if (value.kind === 'sentiment') return line({ id, text, label: value.mood });
  const fields = 'fields' in answer ? fieldsOf(answer.fields) : {};
  return line({ id, text, received_at: new Date(receivedAtMs).toISOString(), fields });
}

const line = (row: object): string => `${JSON.stringify(row)}\n`;
