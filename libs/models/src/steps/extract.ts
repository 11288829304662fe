import type { Span } from '@spillway/confidence/json-spans';
import type { Features, Score } from '@spillway/confidence/score';
import { leastOf, valueScore } from '@spillway/confidence/value-score';
import { Fault } from '@spillway/contracts/fault';
import { ConfidenceSource } from '@spillway/contracts/model';
import type { FieldDefinition, FieldKind, Pack } from '@spillway/pack/pack';
import { z } from 'zod';
import type { OwnConfidence, StepInput } from '../language-model.js';
import {
  type Answer,
  FEW_TOP_TOKENS,
  fitted,
  type PlacedValues,
  placedValues,
  type StepAnswer,
  type StepForm,
} from './answer.js';
import { ownConfidence, scoredConfidence } from './confidence.js';
import { objectSchema } from './schema.js';

const MAX_FIELDS = 64;

/** How a value is written once it is normalised. A pattern's values are as the pack's pattern finds them. */
const written: Readonly<Record<FieldKind, RegExp>> = {
  date: /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?)?$/,
  phone: /^\+\d{6,15}$/,
  money: /^-?\d{1,12}(?:\.\d{1,4})? [A-Z]{3}$/,
  email: /^[^\s@]{1,64}@[^\s@]{1,255}$/,
  pattern: /^\S.{0,198}\S?$/s,
};

const normalisers: Readonly<Record<FieldDefinition['normalise'], (value: string) => string>> = {
  none: (value) => value,
  upper: (value) => value.toUpperCase(),
  digits: (value) => value.replace(/\D/g, ''),
};

/** The pack's fields that the message holds, each with the words that hold it. */
export function extractForm(pack: Pack): StepForm {
  const definitions = new Map(pack.fields.map((field) => [field.name, field]));
  const names = [...definitions.keys()];
  const shape = z.object({
    fields: z
      .array(
        z.object({
          name: z.enum(names),
          value: z.string().trim().min(1).max(200),
          evidence: z.string().max(500).nullish(),
        }),
      )
      .max(MAX_FIELDS),
  });
  return {
    schema: objectSchema({
      fields: {
        type: 'array',
        items: objectSchema({
          name: names.length === 0 ? { type: 'string' } : { type: 'string', enum: names },
          value: { type: 'string' },
          evidence: { type: 'string' },
        }),
      },
    }),
    maxOutputTokens: 1_024,
    topTokens: FEW_TOP_TOKENS,
    read(answer, input) {
      const { own } = answer;
      if (own?.fields !== undefined) return ownFields(own, own.fields);
      const { fields } = fitted(answer, shape);
      const found = fields.map((field, index): FoundField => {
        const definition = definitions.get(field.name);
        const value = normalisers[definition?.normalise ?? 'none'](field.value);
        return {
          name: field.name,
          value: checkedForm(value, definition?.kind ?? 'pattern', index),
          ...locate(field.evidence || field.value, input, index),
        };
      });
      return scored(found, answer);
    },
  };
}

interface FoundField extends Span {
  readonly name: string;
  readonly value: string;
}

const ownFields = (own: OwnConfidence, fields: NonNullable<OwnConfidence['fields']>): StepAnswer => ({
  result: {
    case: 'extraction',
    value: {
      fields: fields.map(({ name, value, confidence, start, end }) => ({
        name,
        value,
        confidence,
        evidenceStart: start,
        evidenceEnd: end,
      })),
    },
  },
  confidence: ownConfidence(own),
});

function checkedForm(value: string, kind: FieldKind, index: number): string {
  if (written[kind].test(value)) return value;
  throw new Fault('malformed', `field ${index} of the model's answer is not written as a ${kind}`);
}

const escaped = (words: string): string => words.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/**
 * Where the words stand in the message's text; 0 to 0 when only the subject holds them. Case and white space may differ:
 * models quote loosely. Throws `malformed` for words that the customer did not write: such a value is made up.
 */
function locate(words: string, input: Pick<StepInput, 'text' | 'subject'>, index: number): Span {
  const exact = input.text.indexOf(words);
  if (exact >= 0) return { start: exact, end: exact + words.length };
  const loose = new RegExp(words.trim().split(/\s+/).map(escaped).join('\\s+'), 'iu');
  const match = words.trim() === '' ? null : loose.exec(input.text);
  if (match !== null) return { start: match.index, end: match.index + match[0].length };
  if (words.trim() !== '' && loose.test(input.subject)) return { start: 0, end: 0 };
  throw new Fault(
    'malformed',
    `field ${index} of the model's answer rests on words that the message does not hold`,
  );
}

/**
 * A field is as sure as its least sure token, the whole as its least sure field; where nothing was found, as the empty
 * list is.
 */
function scored(found: readonly FoundField[], answer: Answer): StepAnswer {
  const placed = placedValues(answer);
  const each = found.map((_, index) => scoreAt(placed, `/fields/${index}/value`));
  const least = found.length === 0 ? scoreAt(placed, '/fields') : leastOf(each);
  const score = { ...least, features: { ...least.features, ...structureOf(placed, found.length) } };
  const fields = found.map(({ name, value, start, end }, index) => ({
    name,
    value,
    confidence: each[index]?.raw ?? answer.own?.calibrated ?? 0,
    evidenceStart: start,
    evidenceEnd: end,
  }));
  const confidence =
    answer.own === undefined ? scoredConfidence(score, ConfidenceSource.LOGPROBS) : ownConfidence(answer.own);
  return { result: { case: 'extraction', value: { fields } }, confidence };
}

function scoreAt(placed: PlacedValues, pointer: string): Score {
  const span = placed.spans?.get(pointer);
  return placed.spans && span ? valueScore(placed.aligned, span) : { features: placed.features };
}

/**
 * What the values alone do not show: `fields`, how many there are; `name`, the least likely token among their names;
 * `list_end`, the token that ends the list, where one more field would have stood.
 */
function structureOf(placed: PlacedValues, fields: number): Features {
  const list = placed.spans?.get('/fields');
  if (placed.spans === undefined || list === undefined) return {};
  const end = valueScore(placed.aligned, { start: list.end - 1, end: list.end }).raw;
  const names = Array.from({ length: fields }, (_, index) => scoreAt(placed, `/fields/${index}/name`));
  const { raw: name } = leastOf(names);
  return {
    fields,
    ...(name === undefined ? {} : { name }),
    ...(end === undefined ? {} : { list_end: end }),
  };
}
