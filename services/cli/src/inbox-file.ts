import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { Fault, type Problem } from '@spillway/contracts/fault';
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

const words = z.string().optional();
const line = z.looseObject({
  id: z.union([z.string(), z.number()]).optional(),
  text: words,
  subject: words,
  channel: words,
  conversation_id: words,
  customer: words,
  locale: words,
  customer_facing: z.boolean().optional(),
  attachment_count: z.number().int().nonnegative().optional(),
  metadata: z.record(z.string(), z.string()).optional(),
});

/** Problems named one by one; a file with more is not what it was taken for. */
const MAX_PROBLEMS = 20;

/**
 * Reads an inbox: JSON lines, gzip where the name ends in `.gz`, one message a line with the field names of the API.
 * Fields that the API does not know are left out; a message whose text is empty is sent with its subject as text.
 *
 * The same line of the same run has the same key, so that a file that was sent half can be sent again: `run` tells
 * runs apart that mean to send it anew. Lines that cannot be read are handed to `onProblem` with their number.
 *
 * @throws Fault `missing` when the file cannot be read, `malformed` when it has too many lines that are no message
 */
export async function* readInboxFile(
  path: string,
  run: string,
  onProblem: (problem: Problem) => void,
): AsyncGenerator<OutgoingMessage> {
  const file = createReadStream(path);
  const opened = new Promise<void>((resolve, reject) =>
    file.once('open', () => resolve()).once('error', reject),
  );
  await opened.catch((cause: unknown) => {
    throw new Fault('missing', `${path} cannot be read`, { cause });
  });
  const input = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  file.once('error', (error) => input.destroy(error));
  let [number, problems] = [0, 0];
  try {
    for await (const row of linesOf(input)) {
      number += 1;
      if (row.trim() === '') continue;
      const read = messageFrom(row, run);
      if (typeof read !== 'string') yield read;
      else {
        onProblem({ where: `${path}:${number}`, message: read });
        problems += 1;
        if (problems > MAX_PROBLEMS)
          throw new Fault('malformed', `${path} has too many lines that are no message`);
      }
    }
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault('malformed', `${path} cannot be read as ${path.endsWith('.gz') ? 'gzip' : 'text'}`, {
      cause: error,
    });
  } finally {
    file.destroy();
  }
}

/** Lines end with a line feed and nothing else: a text may hold the other signs that some readers take for one. */
async function* linesOf(input: NodeJS.ReadableStream): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of input.setEncoding('utf8')) {
    const lines = `${rest}${chunk as string}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  yield rest;
}

/** The message of one line, or what is wrong with it. */
export function messageFrom(row: string, run: string): OutgoingMessage | string {
  let json: unknown;
  try {
    json = JSON.parse(row);
  } catch {
    return 'is not JSON';
  }
  const parsed = line.safeParse(json);
  if (!parsed.success) {
    return parsed.error.issues
      .map(({ path, message }) => `${path.join('.') || 'line'}: ${message}`)
      .join('; ');
  }
  const { id: _, text, subject, ...rest } = parsed.data;
  const body = text === undefined || text.trim() === '' ? (subject ?? '') : text;
  if (body.trim() === '') return 'has neither text nor subject';
  const known = Object.fromEntries(
    Object.entries(rest).filter(([name, value]) => name in line.shape && value !== undefined && value !== ''),
  );
  const key = createHash('sha256').update(run).update('\n').update(row).digest('hex').slice(0, 40);
  return { text: body, ...(subject ? { subject } : {}), ...known, idempotency_key: key };
}
