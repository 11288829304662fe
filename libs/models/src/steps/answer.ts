import type { MessageInitShape } from '@bufbuild/protobuf';
import type { StepCompletedSchema } from '@spillway/contracts/events';
import { Fault } from '@spillway/contracts/fault';
import type { z } from 'zod';
import type { Completion, OwnConfidence, StepInput, Token } from '../language-model.js';
import type { ConfidenceInit } from './confidence.js';
import { type Span, valueSpans } from './json-spans.js';
import { type AlignedTokens, align } from './logprobs.js';

type StepResult = NonNullable<MessageInitShape<typeof StepCompletedSchema>['result']>;

/** A step's result and how sure the model is of it. */
export interface StepAnswer {
  readonly result: StepResult;
  readonly confidence: ConfidenceInit;
}

/** What a step asks for and how its answer is read, for one pack. */
export interface StepForm {
  /** JSON schema of the answer, in the subset that strict endpoints take. */
  readonly schema: Readonly<Record<string, unknown>>;
  readonly maxOutputTokens: number;
  /** Throws `malformed`. */
  read(answer: Answer, input: StepInput): StepAnswer;
}

/** A completion that its finish says is whole. */
export interface Answer {
  /** JSON, as far as can be told without parsing it. */
  readonly json: string;
  readonly tokens: readonly Token[] | undefined;
  readonly own: OwnConfidence | undefined;
}

/** Characters of an answer; the longest honest one is a reply of two pages. */
const MAX_CHARACTERS = 32_768;

/** Throws `rejected` for a refusal and `too_large` for an answer that was cut. */
export function answerOf(completion: Completion): Answer {
  const { finishReason, text } = completion;
  if (finishReason === 'refusal') throw new Fault('rejected', 'the model refused to answer');
  if (finishReason === 'content_filter')
    throw new Fault('rejected', "the endpoint's filter withheld the answer");
  if (finishReason === 'length') throw new Fault('too_large', 'the answer was cut at its length limit');
  if (text.length > MAX_CHARACTERS) throw new Fault('too_large', `the answer has ${text.length} characters`);
  return { json: objectIn(text), tokens: completion.tokens, own: completion.confidence };
}

/** Without a schema to hold them, models think aloud before the object or fence it in. */
function objectIn(text: string): string {
  if (text.startsWith('{') && text.endsWith('}')) return text;
  const spoken = text.slice(text.lastIndexOf('</think>') + 1);
  return spoken.slice(spoken.indexOf('{'), spoken.lastIndexOf('}') + 1);
}

/**
 * The answer as its schema describes it. Throws `malformed` with the places that do not fit, and with nothing of what
 * was written there: an answer quotes the customer.
 */
export function fitted<T>(answer: Answer, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(parsedJson(answer.json));
  if (parsed.success) return parsed.data;
  throw new Fault('malformed', "the model's answer does not fit its schema", {
    problems: parsed.error.issues.slice(0, 10).map(({ path, code }) => ({
      where: `/${path.map(String).join('/')}`,
      message: code,
    })),
  });
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Fault('malformed', "the model's answer is not JSON");
  }
}

export interface PlacedValues {
  readonly aligned: AlignedTokens;
  readonly spans: ReadonlyMap<string, Span>;
}

/** The answer's tokens and where its values stand; undefined where the endpoint gave no tokens, or others than the text's. */
export function placedValues({ json, tokens }: Answer): PlacedValues | undefined {
  const aligned = tokens === undefined ? undefined : align(json, tokens);
  return aligned === undefined ? undefined : { aligned, spans: valueSpans(json) };
}
