import type { ValueContext, ValueFinder } from '@spillway/models/values';
import { factsOf, givenBy, unknownFacts } from './known-facts.js';
import { languageOfReply } from './reply-language.js';

/** What a reply to one message must and must not be. */
export interface Checklist {
  readonly mustMention: readonly string[];
  readonly mustNotMention: readonly string[];
  /** ISO 639-1; absent: any. */
  readonly language?: string;
  readonly maxWords?: number;
}

/** What the writer of a reply knew. */
export interface KnownTexts {
  /** The message: its language and its moment decide how dates are read. */
  readonly message: ValueContext & { readonly subject: string };
  /** Values that were extracted. */
  readonly fields: readonly string[];
  /** Approved texts, and whatever else the company says of itself. */
  readonly macros: readonly string[];
}

export type CheckName = 'must_mention' | 'must_not_mention' | 'language' | 'length' | 'known_facts';

export interface FailedCheck {
  readonly check: CheckName;
  /** For a person: quotes the checklist and the reply, and nothing of the message. */
  readonly reason: string;
}

/**
 * Everything that a reply fails of its checklist; it passes with none. Beside what the list names, every number, amount, day,
 * code, address and link in a reply must occur in the message, its fields or the macros.
 */
export function checkReply(
  reply: string,
  checklist: Checklist,
  known: KnownTexts,
  find: ValueFinder,
): readonly FailedCheck[] {
  const { message, fields, macros } = known;
  const mentions = mentionsIn(reply, message, find);
  const invented = unknownFacts(reply, [message.text, message.subject, ...fields, ...macros], message, find);
  return [
    ...checklist.mustMention
      .filter((phrase) => !mentions(phrase))
      .map((phrase) => failed('must_mention', `does not mention "${phrase}"`)),
    ...checklist.mustNotMention
      .filter(mentions)
      .map((phrase) => failed('must_not_mention', `mentions "${phrase}"`)),
    ...languageFailure(reply, checklist.language),
    ...lengthFailure(reply, checklist.maxWords),
    ...[...new Set(invented)].map((fact) =>
      failed('known_facts', `says "${fact}", which neither the message nor its fields nor the macros hold`),
    ),
  ];
}

const failed = (check: CheckName, reason: string): FailedCheck => ({ check, reason });

const folded = (text: string): string =>
  text.normalize('NFKC').toLowerCase().replace(/[‘’]/g, "'").replace(/\s+/g, ' ').trim();

const joins = (sign: string | undefined): boolean => sign !== undefined && /[\p{L}\p{N}]/u.test(sign);

/** Whether a text holds a phrase as whole words, or the day, amount or number that the phrase consists of. */
function mentionsIn(reply: string, message: ValueContext, find: ValueFinder): (phrase: string) => boolean {
  const text = folded(reply);
  const said = new Set(givenBy(reply, message, find));
  return (phrase) => {
    const words = folded(phrase);
    for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) {
      if (!joins(text[at - 1]) && !joins(text[at + words.length])) return true;
    }
    const [only, ...others] = factsOf(phrase, message, find);
    const whole = only !== undefined && others.length === 0 && only.text.length === phrase.trim().length;
    return whole && only.needs.some((need) => said.has(need));
  };
}

function languageFailure(reply: string, wanted: string | undefined): readonly FailedCheck[] {
  const found = wanted === undefined ? undefined : languageOfReply(reply);
  // Too little text to tell is no failure.
  if (found === undefined || found === wanted) return [];
  return [failed('language', `is written in "${found}", not in "${wanted}"`)];
}

const words = new Intl.Segmenter('en', { granularity: 'word' });

function lengthFailure(reply: string, most: number | undefined): readonly FailedCheck[] {
  if (most === undefined) return [];
  let count = 0;
  for (const { isWordLike } of words.segment(reply)) count += isWordLike ? 1 : 0;
  return count <= most ? [] : [failed('length', `has ${count} words, more than ${most}`)];
}
