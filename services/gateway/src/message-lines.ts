import { context, ROOT_CONTEXT, type Span, SpanKind, trace } from '@opentelemetry/api';
import { Fault } from '@spillway/contracts/fault';
import type { Caller } from '@spillway/http/api-keys';
import { parseJson } from '@spillway/http/bodies';
import { problemOfFault } from '@spillway/http/problem';
import { ERROR_TYPE, MESSAGE_ID } from '@spillway/telemetry/names';
import { headersOf, traceIdOf, tracer } from '@spillway/telemetry/tracing';
import { acceptedJson } from './accepted.js';
import type { Arrival, Intake } from './intake.js';
import { readLine } from './message-request.js';
import type { Receipt } from './receipt.js';

/** Messages that one bulk intake may hold. */
export const MOST_LINES = 1_000;

/**
 * Takes in one message for each line and answers each line with one of JSON: the same as for a single message, or
 * problem details, with the number of the line; a line that cannot be read has the trace of the upload. Throws `too_large`
 * for too many lines, `malformed` for none, and as `Intake.admit` does.
 */
export async function admitLines(
  body: Uint8Array,
  intake: Intake,
  caller: Caller,
  now: number,
): Promise<string> {
  const lines = linesOf(body);
  const read = lines.map(({ bytes }) => openLine(bytes));
  const opened = read.filter(isOpened);
  try {
    const results = (await intake.admit(opened, caller, now)).values();
    return read
      .map((line) =>
        line instanceof Fault
          ? problemOfFault(line, traceIdOf(context.active()))
          : answerOf(line.span, results.next().value as Receipt | Fault),
      )
      .map((answer, index) => `${JSON.stringify({ line: lines[index]?.number, ...answer })}\n`)
      .join('');
  } finally {
    for (const { span } of opened) span.end();
  }
}

/** A message that came on a line of its own, and the root of its trace. */
interface Opened extends Arrival {
  readonly span: Span;
}

const isOpened = (line: Opened | Fault): line is Opened => !(line instanceof Fault);

function openLine(bytes: Uint8Array): Opened | Fault {
  try {
    const submission = readLine(parseJson(bytes));
    const span = startTrace();
    return { ...submission, span, trace: headersOf(trace.setSpan(ROOT_CONTEXT, span)) };
  } catch (error) {
    return Fault.from(error);
  }
}

/** A trace of its own, linked to the upload: one trace is one message. */
function startTrace(): Span {
  const upload = trace.getSpanContext(context.active());
  const links = upload === undefined ? [] : [{ context: upload }];
  return tracer('gateway').startSpan('receive message', { kind: SpanKind.PRODUCER, root: true, links });
}

function answerOf(span: Span, result: Receipt | Fault): object {
  if (result instanceof Fault) {
    span.setAttribute(ERROR_TYPE, result.code);
    return problemOfFault(result, span.spanContext().traceId);
  }
  span.setAttribute(MESSAGE_ID, result.id);
  return acceptedJson(result);
}

interface Line {
  /** Counted from 1, blank lines included. */
  readonly number: number;
  readonly bytes: Uint8Array;
}

const LINE_FEED = 0x0a;
const BLANK = 0x20;

/** Looks at each blank byte once and stops at the first line too many: a body of nothing but line ends costs little. */
function linesOf(body: Uint8Array): readonly Line[] {
  const lines: Line[] = [];
  let number = 1;
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at] as number;
    if (byte === LINE_FEED) number += 1;
    if (byte <= BLANK) continue;
    const found = body.indexOf(LINE_FEED, at);
    const end = found === -1 ? body.length : found;
    lines.push({ number, bytes: body.subarray(at, end) });
    if (lines.length > MOST_LINES)
      throw new Fault('too_large', `more than ${MOST_LINES} lines; send them in parts`);
    at = end - 1;
  }
  if (lines.length === 0) throw new Fault('malformed', 'the body has no lines');
  return lines;
}
