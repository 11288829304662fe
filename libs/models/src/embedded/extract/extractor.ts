import type { FieldKind, Pack } from '@spillway/pack/pack';
import type { StepInput } from '../../language-model.js';
import { type Language, languageOfLocale, languageOfText } from '../language.js';
import { lowered } from '../words.js';
import type { Candidate } from './candidate.js';
import { findDates } from './dates.js';
import { findEmails } from './emails.js';
import { type Keywords, keywordsOf, nearness } from './keywords.js';
import { findMoney } from './money.js';
import { type CompiledPattern, compilePatterns, findPatterns } from './patterns.js';
import { countryOf, findPhones } from './phones.js';
import { type Evidence, type Precision, precisionFrom } from './precision.js';
import { measured } from './precision.table.js';
import { offsetFinder } from './time-zone.js';

/** A value, where it stands, and how likely it is right. */
export interface FoundField {
  readonly name: string;
  readonly value: string;
  /** The words of the message that hold it. */
  readonly evidence: string;
  /** Characters [start, end) of the message's text in UTF-16 code units; both 0 for a value that only the subject holds. */
  readonly start: number;
  readonly end: number;
  /** Calibrated, 0 to 1. */
  readonly confidence: number;
  readonly circumstances: Evidence;
}

export interface Extracted {
  readonly fields: readonly FoundField[];
  /** The least sure field's confidence; without fields, the probability that there is nothing to find. */
  readonly confidence: number;
  readonly raw: number;
}

/** What the table that ships knows; the benchmark `extract-precision` measures it. */
const shippedPrecision = precisionFrom(measured);

export type ExtractorInput = Pick<StepInput, 'text' | 'subject' | 'locale' | 'receivedAtMs'>;
export type Extractor = (input: ExtractorInput) => Extracted;

/** Characters of a text that are looked at. What a customer asks stands at the top; below it stand quoted letters. */
export const EXAMINED_CHARACTERS = 32_768;

const EXAMINED_SUBJECT = 512;

/** Values kept of one field: who lists more wants a person. */
const MAX_VALUES = 8;

/** Of two candidates for the same words that are equally long, the kind listed first is the more specific. */
const SPECIFICITY: readonly FieldKind[] = ['email', 'pattern', 'money', 'date', 'phone'];

/** Keeps, wherever candidates overlap, the longer one: "2025-03-04" is a date and not the order number 2025. */
export function withoutOverlaps(candidates: readonly Candidate[]): Candidate[] {
  const rank = (each: Candidate): number => SPECIFICITY.indexOf(each.kind);
  const kept: Candidate[] = [];
  const order = (a: Candidate, b: Candidate): number =>
    b.end - b.start - (a.end - a.start) || rank(a) - rank(b) || a.start - b.start;
  for (const each of candidates.toSorted(order)) {
    if (!kept.some((other) => each.start < other.end && other.start < each.end)) kept.push(each);
  }
  return kept.sort((a, b) => a.start - b.start);
}

interface Rules {
  readonly fields: ReadonlyMap<FieldKind, readonly RankedField[]>;
  readonly byName: ReadonlyMap<string, RankedField>;
  readonly patterns: readonly CompiledPattern[];
  readonly country: string;
  readonly currency: string;
  readonly offsetAt: (ms: number) => number;
}

interface RankedField {
  readonly name: string;
  readonly keywords: Keywords;
}

interface Searched {
  readonly text: string;
  /** The same in lower case, every character in its place. */
  readonly lower: string;
  readonly language: Language;
  readonly receivedAtMs: number;
}

function candidatesIn(searched: Searched, rules: Rules): Candidate[] {
  const { text, lower, language, receivedAtMs } = searched;
  const { fields, country } = rules;
  const hasDigit = /\d/.test(text);
  const found = findPatterns(text, rules.patterns);
  if (fields.has('email')) found.push(...findEmails(text));
  if (hasDigit && fields.has('money')) found.push(...findMoney(lower, rules.currency));
  if (hasDigit && fields.has('phone')) found.push(...findPhones(text, countryOf(country)));
  if (fields.has('date')) {
    const offsetMinutes = rules.offsetAt(receivedAtMs);
    found.push(...findDates(lower, { language, country, receivedAtMs, offsetMinutes }));
  }
  return found.length > 1 ? withoutOverlaps(found) : found;
}

/** A candidate with the field it is for, and the words of the text that hold it. */
interface Assigned extends Candidate {
  readonly field: string;
  readonly near: boolean;
  readonly evidence: string;
}

/** Of several fields of one kind, the one that the words around speak for; the first of the pack when none does. */
function assigned(candidate: Candidate, { text, lower }: Searched, rules: Rules): Assigned {
  const { start, end, kind, field } = candidate;
  const one = field === undefined ? undefined : rules.byName.get(field);
  const options = one === undefined ? (rules.fields.get(kind) ?? []) : [one];
  let best = { name: options[0]?.name ?? '', score: 0 };
  for (const { name, keywords } of options) {
    const score = nearness(lower, start, end, keywords);
    if (score > best.score) best = { name, score };
  }
  return { ...candidate, field: best.name, near: best.score > 0, evidence: text.slice(start, end) };
}

/** One entry per field and value, at most MAX_VALUES of a field, in the order of the text. */
function distinct(found: readonly Assigned[]): Assigned[] {
  const seen = new Map<string, Set<string>>();
  return found.filter(({ field, value }) => {
    const values = seen.get(field) ?? new Set();
    seen.set(field, values);
    if (values.has(value) || values.size >= MAX_VALUES) return false;
    values.add(value);
    return true;
  });
}

function search(searched: Searched, rules: Rules): Assigned[] {
  return distinct(candidatesIn(searched, rules).map((each) => assigned(each, searched, rules)));
}

/**
 * Prepares extraction for a pack: compiles patterns, gathers the words that go with each field.
 *
 * The extractor it returns is pure. It looks at the first EXAMINED_CHARACTERS of the text and at the subject, in time
 * linear in what it looks at. Several values of one field are all listed, each with the confidence that rivals leave it.
 *
 * @throws Fault `misconfigured` when a pattern does not compile
 */
export function compileExtractor(
  pack: Pick<Pack, 'fields' | 'brand'>,
  precision: Precision = shippedPrecision,
): Extractor {
  const rules = rulesOf(pack);
  return (input) => {
    const text = input.text.slice(0, EXAMINED_CHARACTERS);
    const subject = input.subject.slice(0, EXAMINED_SUBJECT);
    const language = languageOfText(text) ?? languageOfLocale(input.locale) ?? 'en';
    const look = (words: string): Assigned[] =>
      search({ text: words, lower: lowered(words), language, receivedAtMs: input.receivedAtMs }, rules);
    const inText = look(text);
    const inSubject = text.startsWith(subject) ? [] : look(subject);
    const onlyInSubject = inSubject
      .filter(({ field }) => !inText.some((other) => other.field === field))
      .map((each) => ({ ...each, start: 0, end: 0 }));
    return scored([...inText, ...onlyInSubject], /[\d@]/.test(text), precision);
  };
}

function rulesOf({ fields, brand }: Pick<Pack, 'fields' | 'brand'>): Rules {
  const known = fields.map((field) => ({ name: field.name, kind: field.kind, keywords: keywordsOf(field) }));
  return {
    fields: Map.groupBy(known, ({ kind }) => kind),
    byName: new Map(known.map((field) => [field.name, field])),
    patterns: compilePatterns(fields.filter(({ kind }) => kind === 'pattern')),
    country: brand.country,
    currency: brand.currency.toUpperCase(),
    offsetAt: offsetFinder(brand.timeZone),
  };
}

function scored(found: readonly Assigned[], signs: boolean, precision: Precision): Extracted {
  if (found.length === 0) {
    const nothing = precision.ofNothing(signs);
    return { fields: [], confidence: nothing, raw: nothing };
  }
  let [confidence, raw] = [1, 1];
  const fields = found.map(({ field, value, evidence, start, end, kind, situation, near }): FoundField => {
    const rivals = found.some((other) => other.field === field && other.value !== value);
    const circumstances = { kind, situation, near, rivals };
    const own = precision.of(circumstances);
    confidence = Math.min(confidence, own);
    raw = Math.min(raw, precision.raw(circumstances));
    return { name: field, value, evidence, start, end, confidence: own, circumstances };
  });
  return { fields, confidence, raw };
}
