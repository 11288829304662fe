import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { Fault } from '@spillway/contracts/fault';
import type { Caller } from '@spillway/http/api-keys';
import { parseJson } from '@spillway/http/bodies';
import { problemOfFault } from '@spillway/http/problem';
import { headersOf, tracer } from '@spillway/telemetry/tracing';
import { acceptedJson } from './accepted.js';
import type { Arrival, Intake } from './intake.js';
import { readLine } from './message-request.js';
import type { Receipt } from './receipt.js';

/** Messages that one bulk intake may hold. */
export const MOST_LINES = 1_000;

/**
 * Takes in one message for each line and answers each line with one of JSON: the same as for a single message, or
 * problem details, with the number of the line. Throws `too_large` for too many lines, `malformed` for none, and as
 * `Intake.admit` does.
 */
export async function admitLines(
  body: Uint8Array,
  intake: Intake,
  caller: Caller,
  now: number,
): Promise<string> {
  const lines = linesOf(body);
  const read = lines.map(({ bytes }) => arrivalOf(bytes));
  const arrivals = read.filter(isArrival);
  const results = (await intake.admit(arrivals, caller, now)).values();
  const answers = read.map((line) =>
    line instanceof Fault ? line : (results.next().value as Receipt | Fault),
  );
  return answers
    .map((answer, index) => `${JSON.stringify(answerOf(answer, lines[index]?.number))}\n`)
    .join('');
}

const isArrival = (line: Arrival | Fault): line is Arrival => !(line instanceof Fault);

const answerOf = (answer: Receipt | Fault, line: number | undefined): object => ({
  line,
  ...(answer instanceof Fault ? problemOfFault(answer, '') : acceptedJson(answer)),
});

function arrivalOf(bytes: Uint8Array): Arrival | Fault {
  try {
    return { ...readLine(parseJson(bytes)), trace: newTrace() };
  } catch (error) {
    return Fault.from(error);
  }
}

/** A trace of its own: one trace is one message, not one upload. */
function newTrace(): Record<string, string> {
  const span = tracer('gateway').startSpan('receive message', { kind: SpanKind.SERVER, root: true });
  const headers = headersOf(trace.setSpan(ROOT_CONTEXT, span));
  span.end();
  return headers;
}

interface Line {
  /** Counted from 1, blank lines included. */
  readonly number: number;
  readonly bytes: Uint8Array;
}

const LINE_FEED = 0x0a;

function linesOf(body: Uint8Array): readonly Line[] {
  const lines: Line[] = [];
  let start = 0;
  for (let number = 1; start < body.length; number += 1) {
    const found = body.indexOf(LINE_FEED, start);
    const end = found === -1 ? body.length : found;
    const bytes = body.subarray(start, end);
    if (bytes.some((byte) => byte > 0x20)) lines.push({ number, bytes });
    start = end + 1;
  }
  if (lines.length === 0) throw new Fault('malformed', 'the body has no lines');
  if (lines.length > MOST_LINES)
    throw new Fault('too_large', `more than ${MOST_LINES} lines; send them in parts`);
  return lines;
}
