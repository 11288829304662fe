import { promptFor } from '@spillway/models/steps';
import type { Pack } from '@spillway/pack/pack';
import type { StepName } from '@spillway/store/ledger';
import type { ExportRow } from './rows.js';

export const formats = ['openai', 'jsonl'] as const;
export type Format = (typeof formats)[number];

/** The lines of a format. */
export const lineWriter = (format: Format, step: StepName, pack: Pack): ((row: ExportRow) => string) =>
  format === 'openai' ? (row) => chatLine(row, step, pack) : plainLine;

/** One conversation of OpenAI's fine-tuning: the prompts that production sends, and the answer that it should get. */
function chatLine({ input, answer }: ExportRow, step: StepName, pack: Pack): string {
  const { system, user } = promptFor(step, input, pack, '');
  const messages = [
    { role: 'system', content: system },
    { role: 'user', content: user },
    { role: 'assistant', content: JSON.stringify(answer) },
  ];
  return `${JSON.stringify({ messages })}\n`;
}

/** A message and what is right for it; rows of a label can be read as labelled messages. */
function plainLine({ id, input, answer, value, origin, receivedAtMs }: ExportRow): string {
  const { text, subject, locale } = input;
  return `${JSON.stringify({
    id,
    text,
    ...(subject === '' ? {} : { subject }),
    ...(locale === '' ? {} : { locale }),
    received_at: new Date(receivedAtMs).toISOString(),
    ...targetOf(value, answer),
    source: origin,
  })}\n`;
}

function targetOf(value: ExportRow['value'], answer: ExportRow['answer']): object {
  if (value.kind === 'classification') return { label: value.label };
  if ('mood' in answer) return { label: answer.mood };
  if ('reply' in answer) return { reply: answer.reply };
  return { fields: 'fields' in answer ? fieldsOf(answer.fields) : {} };
}

/** By field its values, each once. */
export function fieldsOf(
  fields: readonly { readonly name: string; readonly value: string }[],
): Readonly<Record<string, readonly string[]>> {
  const byName = Map.groupBy(fields, ({ name }) => name);
  return Object.fromEntries(
    [...byName].map(([name, found]) => [name, [...new Set(found.map(({ value }) => value))]]),
  );
}
