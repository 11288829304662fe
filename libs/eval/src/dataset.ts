import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { Fault, type Problem } from '@spillway/contracts/fault';
import type { StepInput } from '@spillway/models/language-model';
import type { MoodName } from '@spillway/pack/pack';
import { z } from 'zod';

/** Steps whose answer can be compared with a label. */
export type LabelledStep = 'classify' | 'extract' | 'sentiment';

/** What is right for a row, by step. Values of a field are a set: their order says nothing. */
export interface Labels {
  readonly classify: string;
  readonly extract: Readonly<Record<string, readonly string[]>>;
  readonly sentiment: MoodName;
}

/** A message that somebody has labelled. */
export interface LabelledRow<S extends LabelledStep = LabelledStep> {
  readonly id: string;
  readonly input: StepInput;
  readonly label: Labels[S];
  /** Rows of one customer's thread are not independent; left out where the file does not tell. */
  readonly conversationId?: string;
  /** Day or moment that the message was written, as the file has it. */
  readonly receivedAt?: string;
}

/** Moment that a message counts from where its row has none: fixed, so that the same row is the same input again. */
const UNDATED = '2026-01-01T09:00:00Z';

const text = z.string().trim().min(1).max(262_144);
const common = z.looseObject({
  id: z.union([z.string(), z.number()]).optional(),
  text,
  subject: z.string().default(''),
  locale: z.string().default(''),
  conversation_id: z.string().optional(),
  received_at: z.iso
    .datetime({ offset: true, local: true, error: 'must be a moment such as 2026-01-31T09:30:00Z' })
    .or(z.iso.date())
    .optional(),
});
const values = z.union([z.string().transform((one) => [one]), z.array(z.string().min(1))]);

const lines = {
  classify: common.extend({ label: z.string().min(1) }),
  extract: common.extend({ fields: z.record(z.string(), values) }),
  sentiment: common.extend({ label: z.enum(['negative', 'neutral', 'positive']) }),
} as const;

/** Problems named one by one; a file with more is not what it was taken for. */
const MAX_PROBLEMS = 20;

/**
 * Reads labelled messages for a step: JSON lines, gzip where the name ends in `.gz`. Every row has `text`, and `label`
 * (classify, sentiment) or `fields` (extract: name to value or values); `id`, `subject`, `locale`, `received_at` and
 * `conversation_id` are read where they are there.
 *
 * @throws Fault `missing` when the file cannot be read, `malformed` with every line that does not fit (the first
 * twenty), and with nothing of what a customer wrote
 */
export async function readLabelled<S extends LabelledStep>(
  path: string,
  step: S,
): Promise<readonly LabelledRow<S>[]> {
  const rows: LabelledRow<S>[] = [];
  const problems: Problem[] = [];
  let number = 0;
  for await (const line of linesOf(path)) {
    number += 1;
    if (line.trim() === '') continue;
    const read = rowFrom(line, step, number);
    if (!Array.isArray(read)) rows.push(read as LabelledRow<S>);
    else problems.push(...read.map((message) => ({ where: `${path}:${number}`, message })));
    if (problems.length >= MAX_PROBLEMS) break;
  }
  if (problems.length > 0) {
    throw new Fault('malformed', `${path} has lines that are no labelled message for ${step}`, { problems });
  }
  return rows;
}

/** The row of one line, or what is wrong with it. */
function rowFrom(line: string, step: LabelledStep, number: number): LabelledRow | readonly string[] {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return ['is not JSON: write one object a line'];
  }
  const parsed = lines[step].safeParse(json);
  if (!parsed.success) {
    return parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'line'}: ${message}`);
  }
  const { id, text: words, subject, locale, conversation_id, received_at, ...rest } = parsed.data;
  return {
    id: String(id ?? number),
    input: { text: words, subject, locale, receivedAtMs: Date.parse(received_at ?? UNDATED) },
    label: ('label' in rest ? rest.label : rest.fields) as LabelledRow['label'],
    ...(conversation_id === undefined ? {} : { conversationId: conversation_id }),
    ...(received_at === undefined ? {} : { receivedAt: received_at }),
  };
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  const input = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  file.once('error', (error) => input.destroy(error));
  let rest = '';
  try {
    for await (const chunk of input.setEncoding('utf8')) {
      // A text may hold the other signs that some readers take for the end of a line.
      const parts = `${rest}${chunk as string}`.split('\n');
      rest = parts.pop() ?? '';
      yield* parts;
    }
  } catch (cause) {
    throw new Fault('missing', `${path} cannot be read`, { cause });
  } finally {
    file.destroy();
  }
  yield rest;
}
