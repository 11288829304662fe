import { createHash } from 'node:crypto';
import { Fault, type Problem } from '@spillway/contracts/fault';
import { fileLines } from '@spillway/eval/file-lines';
import { z } from 'zod';

/** A message as the API takes it in. */
export interface OutgoingMessage {
  readonly text: string;
  readonly subject?: string;
  readonly channel?: string;
  readonly conversation_id?: string;
  readonly customer?: string;
  readonly locale?: string;
  readonly customer_facing?: boolean;
  readonly attachment_count?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly idempotency_key?: string;
}

const words = z.string('must be text: put it in double quotes').optional();
const line = z.looseObject(
  {
    id: z.union([z.string(), z.number()], 'must be text or a number').optional(),
    text: words,
    subject: words,
    channel: words,
    conversation_id: words,
    customer: words,
    locale: words,
    customer_facing: z.boolean('must be true or false, without quotes').optional(),
    attachment_count: z
      .number('must be a whole number, 0 or more, without quotes')
      .int('must be a whole number, 0 or more')
      .nonnegative('must be a whole number, 0 or more')
      .optional(),
    metadata: z
      .custom<Readonly<Record<string, string>>>(
        isTexts,
        'must be an object with text in double quotes as each value',
      )
      .optional(),
  },
  'is no JSON object: write one message a line, as {"text":"…"}',
);

/** Of an object with many wrong values one fault is enough. */
function isTexts(value: unknown): boolean {
  return isObject(value) && Object.values(Object(value)).every((each) => typeof each === 'string');
}

/** Lines whose faults are named; a file with more of them is not what it was taken for. */
const MAX_BAD_LINES = 20;

/**
 * Reads an inbox: JSON lines, gzip or not, one message a line with the field names of the API.
 * Fields that the API does not know are left out; a message whose text is empty is sent with its subject as text.
 *
 * The same line of the same run has the same key, so that a file that was sent half can be sent again: `run` tells
 * runs apart that mean to send it anew. Every fault of a line that cannot be read is handed to `onProblem` with its number.
 *
 * @throws Fault as `openFile` does, and `malformed` with all faults up to there when it has too many lines that are no message
 */
export async function* readInboxFile(
  path: string,
  run: string,
  onProblem: (problem: Problem) => void,
): AsyncGenerator<OutgoingMessage> {
  const problems: Problem[] = [];
  let [number, bad] = [0, 0];
  for await (const row of fileLines(path)) {
    number += 1;
    if (row.trim() === '') continue;
    const read = messageFrom(row, run);
    if (!isFaults(read)) {
      yield read;
      continue;
    }
    bad += 1;
    if (bad > MAX_BAD_LINES) {
      const message = `${path} has more than ${MAX_BAD_LINES} lines that are no message: mend them, or name another file`;
      throw new Fault('malformed', message, { problems });
    }
    for (const message of read) {
      const problem = { where: `${path}:${number}`, message };
      problems.push(problem);
      onProblem(problem);
    }
  }
}

const isFaults = (read: OutgoingMessage | readonly string[]): read is readonly string[] =>
  Array.isArray(read);

/** The message of one line, or everything that is wrong with it, with nothing of what stands in it. */
export function messageFrom(row: string, run: string): OutgoingMessage | readonly string[] {
  let json: unknown;
  try {
    json = JSON.parse(row);
  } catch {
    return ['is not JSON: write one message a line, as {"text":"…"}'];
  }
  const parsed = line.safeParse(json);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => [...path, message].join(' '));
    const { text, subject } = Object(json) as { readonly text?: unknown; readonly subject?: unknown };
    return isObject(json) && isNothing(text) && isNothing(subject) ? [...faults, NO_WORDS] : faults;
  }
  const { id: _, text, subject, ...rest } = parsed.data;
  const body = isNothing(text) ? (subject ?? '') : (text ?? '');
  if (isNothing(body)) return [NO_WORDS];
  const known = Object.fromEntries(
    Object.entries(rest).filter(([name, value]) => name in line.shape && value !== undefined && value !== ''),
  );
  const key = createHash('sha256').update(run).update('\n').update(row).digest('hex').slice(0, 40);
  return { text: body, ...(subject ? { subject } : {}), ...known, idempotency_key: key };
}

const NO_WORDS = 'has neither text nor subject: write what the customer wrote into text';

const isObject = (json: unknown): boolean =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

const isNothing = (words: unknown): boolean =>
  words === undefined || (typeof words === 'string' && words.trim() === '');
