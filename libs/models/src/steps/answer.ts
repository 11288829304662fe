import type { MessageInitShape } from '@bufbuild/protobuf';
import { type AlignedTokens, align, type ScoredToken } from '@spillway/confidence/aligned-tokens';
import { type Span, valueSpans } from '@spillway/confidence/json-spans';
import type { Features } from '@spillway/confidence/score';
import type { StepCompletedSchema } from '@spillway/contracts/events';
import { Fault } from '@spillway/contracts/fault';
import type { z } from 'zod';
import type { Completion, OwnConfidence, StepInput } from '../language-model.js';
import type { ConfidenceInit } from './confidence.js';

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
  readonly topTokens: number;
  /** Throws `malformed`. */
  read(answer: Answer, input: StepInput): StepAnswer;
}

/** As many of the likeliest tokens as endpoints list: labels stand far down in a list that also has what is none. */
export const MANY_TOP_TOKENS = 20;
/** Enough to see what was nearly said; answers of some thousand tokens are long as it is. */
export const FEW_TOP_TOKENS = 5;

/** A completion that its finish says is whole. */
export interface Answer {
  /** JSON, as far as can be told without parsing it. */
  readonly json: string;
  /** Words stand before or after it: the model had its say outside of the answer. */
  readonly chatty: boolean;
  readonly tokens: readonly ScoredToken[] | undefined;
  readonly own: OwnConfidence | undefined;
}

/** Characters of an answer; the longest honest one is a reply of two pages. */
const MAX_CHARACTERS = 32_768;

/** What may stand around an answer without saying anything. */
const fence = /^\s*(?:```(?:json)?\s*```)?\s*$/i;

/** Throws `rejected` for a refusal and `too_large` for an answer that was cut. */
export function answerOf(completion: Completion): Answer {
  const { finishReason, text } = completion;
  if (finishReason === 'refusal') throw new Fault('rejected', 'the model refused to answer');
  if (finishReason === 'content_filter')
    throw new Fault('rejected', "the endpoint's filter withheld the answer");
  if (finishReason === 'length') throw new Fault('too_large', 'the answer was cut at its length limit');
  if (text.length > MAX_CHARACTERS) throw new Fault('too_large', `the answer has ${text.length} characters`);
  const json = objectIn(text);
  return {
    json,
    chatty: !fence.test(text.replace(json, () => '')),
    tokens: completion.tokens,
    own: completion.confidence,
  };
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

/** The answer's tokens and where its values stand, or a feature that says why there are none that can be used. */
export type PlacedValues =
  | {
      readonly aligned: AlignedTokens;
      readonly spans: ReadonlyMap<string, Span>;
      readonly features: Features;
    }
  | { readonly aligned?: undefined; readonly spans?: undefined; readonly features: Features };

/**
 * Lays the answer's tokens over its values. Without tokens `features` is empty; tokens of another text than the answer
 * show as `unaligned`.
 */
export function placedValues({ json, tokens }: Answer): PlacedValues {
  if (tokens === undefined) return { features: {} };
  const aligned = align(json, tokens);
  if (aligned === undefined) return { features: { unaligned: 1 } };
  return { aligned, spans: valueSpans(json), features: {} };
}
