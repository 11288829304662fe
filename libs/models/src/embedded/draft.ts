import { type Macro, OUT_OF_SCOPE, type Pack } from '@spillway/pack/pack';
import { fill, placeholdersOf } from '@spillway/pack/template';
import type { StepInput } from '../language-model.js';
import { type ReplyValue, replyValues } from './draft-values.js';
import { languageOfText } from './language.js';
import { indexTexts, type Nearest } from './similarity.js';

/** A reply built on a macro of the pack. */
interface DraftAnswer {
  readonly reply: string;
  readonly macroId: string;
  /** Values that the macro asks for and the message did not hold. */
  readonly missingFields: readonly string[];
  readonly fit: Fit;
}

/** What speaks for and against a draft. */
export interface Fit {
  /** Calibrated probability that the message is about the intent whose macro was taken. */
  readonly intent: number;
  /** Share of the choice between the intent's macros that fell on this one: 1 without a rival, 1/n among n equals. */
  readonly choice: number;
  /** Confidence of the least sure value that was filled in; 1 when none was. */
  readonly values: number;
  readonly missing: number;
  /** Questions that the message asks. */
  readonly questions: number;
  /** The reply is in the language that the customer writes. */
  readonly ownLanguage: boolean;
  /** The macro is one of the message's intent, and that intent is the company's business. */
  readonly inScope: boolean;
}

/** A reply with a hole in it fits only where a person can close the hole. */
const MISSING_VALUE = 0.3;
/** A macro answers one question: each further one is left open about one time in six. */
const FURTHER_QUESTION = 0.85;
const OTHER_LANGUAGE = 0.5;
const OUTSIDE = 0.05;

/**
 * Probability that a draft can be sent: the intent is right AND the macro is the right one of it AND the values in it are
 * right; times what each known shortcoming leaves of that. The first three are separate ways of being wrong, so their
 * probabilities multiply; the factors after them are set by hand, on the low side, until labelled drafts can fit them.
 */
export function confidenceOf(fit: Fit): number {
  if (!fit.inScope) return OUTSIDE * fit.intent;
  const right = fit.intent * fit.choice * fit.values;
  const further = Math.max(0, Math.min(fit.questions, 6) - 1);
  const language = fit.ownLanguage ? 1 : OTHER_LANGUAGE;
  return right * MISSING_VALUE ** Math.min(fit.missing, 2) * FURTHER_QUESTION ** further * language;
}

/** A question mark that ends a sentence: the one in a link does not. Repeated ones count once. */
const questionMarks = /[?？؟]+(?=\s|$|["'”»)])/gu;
const QUESTIONS_EXAMINED = 8_000;

/** Questions that a text asks, as far as question marks tell. */
export const questionsIn = (text: string): number =>
  text.slice(0, QUESTIONS_EXAMINED).match(questionMarks)?.length ?? 0;

/** Language part of a BCP 47 tag. */
export const primaryOf = (locale: string): string => locale.split(/[-_]/, 1)[0]?.toLowerCase() ?? '';

/** Similarity that weighs e to one in the choice: macros of one intent share most of their words. */
const SOFTNESS = 0.08;
/** What a value that the macro has a place for, or lacks, is worth beside similarity. */
const VALUE_BONUS = 0.05;

/** What a reply in the macro's locale may say of the extracted fields. */
type ValuesFor = (macro: Macro) => ReadonlyMap<string, ReplyValue>;

interface Candidate {
  readonly macro: Macro;
  readonly score: number;
}

interface Macros {
  readonly all: readonly Macro[];
  readonly byIntent: ReadonlyMap<string, readonly Macro[]>;
  readonly nearest: Nearest;
  /** Of each macro in `all` and in the index. */
  readonly place: ReadonlyMap<Macro, number>;
}

/** The macros of the first of the languages that has any; all of them when none has. */
function inLanguage(macros: readonly Macro[], languages: readonly string[]): readonly Macro[] {
  for (const language of languages) {
    const own = macros.filter(({ locale }) => primaryOf(locale) === language);
    if (own.length > 0) return own;
  }
  return macros;
}

/** How far the values at hand serve a macro: up for each it can use, down for each it needs and does not get. */
function valueScore(macro: Macro, values: ReadonlyMap<string, ReplyValue>): number {
  let score = 0;
  for (const { name, fallback } of placeholdersOf(macro.text)) {
    if (values.has(name)) score += VALUE_BONUS;
    else if (fallback === undefined) score -= VALUE_BONUS;
  }
  return score;
}

function ranked(
  candidates: readonly Macro[],
  input: StepInput,
  macros: Macros,
  valuesFor: ValuesFor,
): Candidate[] {
  const similarity = new Map(
    macros
      .nearest(`${input.subject}\n${input.text}`, macros.all.length)
      .map((each) => [each.index, each.similarity]),
  );
  return candidates
    .map((macro) => ({
      macro,
      score: (similarity.get(macros.place.get(macro) ?? -1) ?? 0) + valueScore(macro, valuesFor(macro)),
    }))
    .sort((a, b) => b.score - a.score);
}

/** The share of the best candidate when each weighs exponentially by its score. */
export function choiceShare(scores: readonly number[]): number {
  const best = Math.max(...scores);
  return 1 / scores.reduce((sum, score) => sum + Math.exp((score - best) / SOFTNESS), 0);
}

const textsOf = (values: ReadonlyMap<string, ReplyValue>): Readonly<Record<string, string>> =>
  Object.fromEntries([...values].map(([name, { text }]) => [name, text]));

/** Confidence of the least sure value that stands in the reply. */
const leastSure = (macro: Macro, values: ReadonlyMap<string, ReplyValue>): number =>
  Math.min(1, ...placeholdersOf(macro.text).map(({ name }) => values.get(name)?.confidence ?? 1));

/**
 * Drafts a reply; `intentProbability` is how likely the label of the input's classification is right. Undefined when the
 * pack has no macro at all. Never throws.
 */
export type Drafter = (input: StepInput, intentProbability: number) => DraftAnswer | undefined;

/**
 * Prepares drafting for a pack. The drafter takes a macro of the message's intent in the customer's language (the one
 * written, else the one of the locale, else English), of several the one most like the message whose values are at hand,
 * and fills it from the extracted fields. Where the intent has no macro, or is out of scope, it takes the likest of all,
 * for a person to start from, and says so by its confidence.
 */
export function compileDrafter(pack: Pick<Pack, 'macros' | 'fields'>): Drafter {
  const macros: Macros = {
    all: pack.macros,
    byIntent: Map.groupBy(pack.macros, ({ intent }) => intent),
    nearest: indexTexts(pack.macros.map(({ title, text }) => `${title}\n${text}`)),
    place: new Map(pack.macros.map((macro, index) => [macro, index])),
  };
  return (input, intentProbability) => {
    const label = input.classification?.label ?? OUT_OF_SCOPE;
    const written = languageOfText(input.text) ?? primaryOf(input.locale);
    const own = macros.byIntent.get(label);
    const candidates = inLanguage(own ?? macros.all, [written, primaryOf(input.locale), 'en']);
    const valuesFor = valuesByLocale(input, pack);
    const ranking = ranked(candidates, input, macros, valuesFor);
    const macro = ranking[0]?.macro;
    if (macro === undefined) return undefined;
    const values = valuesFor(macro);
    const { text, missing } = fill(macro.text, textsOf(values));
    const fit: Fit = {
      intent: intentProbability,
      choice: choiceShare(ranking.map(({ score }) => score)),
      values: leastSure(macro, values),
      missing: missing.length,
      questions: questionsIn(input.text),
      ownLanguage: written === '' || primaryOf(macro.locale) === written,
      inScope: own !== undefined && label !== OUT_OF_SCOPE,
    };
    return { reply: text.trim(), macroId: macro.id, missingFields: missing, fit };
  };
}

function valuesByLocale(input: StepInput, pack: Pick<Pack, 'fields'>): ValuesFor {
  const byLocale = new Map<string, ReadonlyMap<string, ReplyValue>>();
  return ({ locale }) => {
    const known = byLocale.get(locale) ?? replyValues(input.extraction, pack.fields, locale);
    byLocale.set(locale, known);
    return known;
  };
}
