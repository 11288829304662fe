import type { MoodName, Pack } from '@spillway/pack/pack';
import { fill } from '@spillway/pack/template';
import { courtesies } from './editor-words.js';
import { type Language, languageOfLocale } from './language.js';

/** What the editor knows about a reply besides its text. */
export interface EditContext {
  /** Language of the reply, BCP 47. */
  readonly locale: string;
  readonly mood: MoodName;
  /** The customer's name where it is known. */
  readonly customerName?: string;
}

/**
 * Puts a reply into the house style: greeting and closing where it has none, the house's wordings, one apology for a
 * customer who is upset, tidy spacing. Words with a digit in them, links and addresses stay as they are, and no fact is
 * added. Editing an edited reply changes nothing.
 */
export type Editor = (text: string, context: EditContext) => string;

/** A word with a digit, a link or an address in it: left alone, character for character. */
const PROTECTED = /[\p{N}@]|:\/\/|www\./u;

/** Applies a change to the prose between the words that must stay. */
function outsideProtected(text: string, change: (prose: string) => string): string {
  let edited = '';
  let from = 0;
  for (const { 0: word, index } of text.matchAll(/\S+/g)) {
    if (!PROTECTED.test(word)) continue;
    edited += change(text.slice(from, index)) + word;
    from = index + word.length;
  }
  return edited + change(text.slice(from));
}

/** Spaces, line ends and doubled signs; two spaces between protected words stay, for they can part two numbers. */
function tidy(text: string, language: Language | undefined): string {
  const lines = text
    .replace(/\r\n?/g, '\n')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
  return outsideProtected(lines, (prose) => {
    const spaced = prose.replace(/(?<=\p{L}[.,;:!?]?)[ \t]{2,}(?=\p{L})/gu, ' ');
    // French puts a space before these signs.
    const joined = language === 'fr' ? spaced : spaced.replace(/(?<=\p{L}) +(?=[,.;:!?](?:\s|$))/gu, '');
    return joined
      .replace(/!{2,}/g, '!')
      .replace(/\?{2,}/g, '?')
      .replace(/,{2,}/g, ',');
  });
}

const escaped = (words: string): string =>
  words.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&').replace(/ +/g, '[ \\u00a0]+');

/** The replacement written as what it replaces is: all capitals, a capital first, or as the pack has it. */
function inCaseOf(found: string, prefer: string): string {
  const letters = found.replace(/\P{L}/gu, '');
  if (letters.length > 1 && letters === letters.toUpperCase() && letters !== letters.toLowerCase()) {
    return prefer.toUpperCase();
  }
  const first = found[0] ?? '';
  return first === first.toLowerCase() ? prefer : `${(prefer[0] ?? '').toUpperCase()}${prefer.slice(1)}`;
}

const keyOf = (words: string): string => words.toLowerCase().replace(/[ \u00a0]+/g, ' ');

/** One pass that replaces what the house avoids; what stands there as it is preferred stays. */
function wordingPass(wordings: Pack['brand']['wordings']): (text: string) => string {
  if (wordings.length === 0) return (text) => text;
  const replacements = new Map(wordings.map(({ avoid, prefer }) => [keyOf(avoid), prefer]));
  // The preferred words match too, so that the avoided ones within them are not replaced again.
  const all = [...wordings.map(({ prefer }) => keyOf(prefer)), ...replacements.keys()].filter(
    (words) => words !== '',
  );
  const longestFirst = all.sort((a, b) => b.length - a.length).map(escaped);
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${longestFirst.join('|')})(?![\\p{L}\\p{N}])`, 'giu');
  const replaced = (found: string): string => {
    const prefer = replacements.get(keyOf(found));
    return prefer === undefined ? found : inCaseOf(found, prefer);
  };
  return (text) => outsideProtected(text, (prose) => prose.replace(pattern, replaced));
}

/** Passes after which wordings that keep feeding each other are given up on. */
const MAX_PASSES = 6;

/** Applies a change until nothing changes any more; text that never comes to rest is left as it was. */
function settle(text: string, change: (text: string) => string): string {
  let current = text;
  for (let pass = 0; pass < MAX_PASSES; pass += 1) {
    const next = change(current);
    if (next === current) return current;
    current = next;
  }
  return text;
}

/** Letters, the signs of names, and few of them: what stands after "Hi" must be a name and cannot be a message. */
const NAME = /^\p{Lu}[\p{L}\p{M}'’.-]*(?: [\p{L}\p{M}'’.-]+){0,3}$/u;
const MAX_NAME = 40;

/** Whether a name a customer gave can stand in a greeting. */
export const isSafeName = (name: string): boolean =>
  name.length <= MAX_NAME && NAME.test(name) && !/\.\p{L}{2}/u.test(name);

const firstLine = (text: string): string => text.slice(0, 200).split('\n', 1)[0] ?? '';
const lastLines = (text: string): string => text.slice(-300).split('\n').slice(-3).join('\n');

/** The greeting that opens the text, with the line break after it, or nothing. */
function openingOf(text: string, greeting: string, known: RegExp | undefined): string {
  if (greeting !== '' && /^(?:\s|$)/.test(text.slice(greeting.length)) && text.startsWith(greeting))
    return greeting;
  const line = firstLine(text);
  return line.length <= 80 && known?.test(line) === true ? line : '';
}

const joined = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join('\n\n');

/** Prepares the editor of a pack. */
export function compileEditor(brand: Pick<Pack['brand'], 'salutations' | 'wordings'>): Editor {
  const reword = wordingPass(brand.wordings);
  return (text, { locale, mood, customerName }) => {
    const language = languageOfLocale(locale);
    const polish = (words: string): string => settle(words, (each) => tidy(reword(each), language));
    const body = polish(text);
    if (body === '') return '';
    const salutation = brand.salutations[locale] ?? brand.salutations[language ?? ''];
    const words = language === undefined ? undefined : courtesies[language];
    const name = customerName !== undefined && isSafeName(customerName) ? customerName : undefined;
    const greeting = polish(fill(salutation?.greeting ?? '', { customer_name: name }).text);
    const closing = polish(salutation?.closing ?? '');
    const apology = mood === 'negative' ? polish(words?.apology ?? '') : '';

    const opening = openingOf(body, greeting, words?.greeting);
    const rest = body.slice(opening.length).trim();
    const sorry = rest.includes(apology) || words?.apologises.test(rest) === true;
    const closed = body.endsWith(closing) || words?.closing.test(lastLines(body)) === true;
    return joined(opening || greeting, sorry ? '' : apology, rest, closed ? '' : closing);
  };
}
