import type { ValueContext, ValueFinder } from '@spillway/models/values';
import type { FieldKind } from '@spillway/pack/pack';

/** Something in a text that is either so or not: a day, an amount, a number, a code, an address, a link. */
export interface Fact {
  /** As it is written. */
  readonly text: string;
  /** What it says: it is known where a source gives one of these. */
  readonly needs: readonly string[];
  /** What it gives to other texts as known. */
  readonly gives: readonly string[];
}

const link =
  /(?:https?:\/\/|www\.)[^\s<>()"']+|(?<![\p{L}\p{N}@.-])(?:[\p{L}\p{N}-]+\.)+\p{L}{2,24}\/[^\s<>()"']*/giu;
const coded = /[\p{L}\p{N}]+(?:[-/.,:'’][\p{L}\p{N}]+)*/gu;
const listMarker = /^[ \t]*\d{1,2}[.)][ \t]/gm;
const ordinal = /^(\d+)(?:st|nd|rd|th|er|re|e|º|ª)$/i;

/**
 * The facts that a text states in digits, and its links: days, amounts, telephone numbers and addresses in the form that the
 * extractor gives them, every other word with a digit as it is. Numbers in words are not looked at, nor the digits before the
 * points of a list.
 */
export function factsOf(text: string, context: ValueContext, find: ValueFinder): readonly Fact[] {
  let rest = text.replace(listMarker, (marker) => ' '.repeat(marker.length));
  const facts: Fact[] = [];
  const take = (start: number, end: number, factOf: (written: string) => Omit<Fact, 'text'>): void => {
    const written = text.slice(start, end);
    facts.push({ text: written, ...factOf(written) });
    rest = rest.slice(0, start) + ' '.repeat(end - start) + rest.slice(end);
  };
  for (const { index, 0: written } of rest.matchAll(link)) take(index, index + written.length, linkFact);
  for (const { kind, value, start, end } of find(rest, context)) {
    take(start, end, (written) => valueFact(kind, value, written));
  }
  for (const { index, 0: written } of rest.matchAll(coded)) {
    if (/\d/.test(written)) take(index, index + written.length, wordFact);
  }
  return facts;
}

function linkFact(written: string): Omit<Fact, 'text'> {
  const address = written
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/^www\./, '')
    .replace(/[.,;:!?/]+$/, '');
  return { needs: [`link:${address}`], gives: [`link:${address}`] };
}

function valueFact(kind: FieldKind, value: string, written: string): Omit<Fact, 'text'> {
  const typed = `${kind}:${value}`;
  // The day of another month is another day, but a number that a day is written with may stand elsewhere.
  const digits = [...written.matchAll(/\d+/g)].map(([part]) => `part:${codeForm(part)}`);
  if (kind === 'date') return { needs: [typed], gives: [typed, ...digits] };
  const plain = codeForm(written.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, ''));
  if (kind !== 'money') return { needs: [typed, `code:${plain}`], gives: [typed, `code:${plain}`] };
  // A bare number may be an amount of any currency; an amount of one currency is none of another.
  const amount = codeForm(/\d[\d.,'’]*/.exec(written)?.[0].replace(/[.,'’]+$/, '') ?? '');
  return { needs: [typed, `code:${amount}`], gives: [typed, `amount:${amount}`] };
}

function wordFact(written: string): Omit<Fact, 'text'> {
  const form = codeForm(written);
  return { needs: [`code:${form}`, `amount:${form}`, `part:${form}`], gives: [`code:${form}`] };
}

/** The facts of a text that none of the sources holds. */
export function unknownFacts(
  text: string,
  sources: readonly string[],
  context: ValueContext,
  find: ValueFinder,
): readonly string[] {
  const known = new Set(sources.flatMap((source) => givenBy(source, context, find)));
  return factsOf(text, context, find)
    .filter(
      ({ needs, text: written }) => !needs.some((need) => known.has(need)) && !countKnown(written, known),
    )
    .map(({ text: written }) => written);
}

/** All that a text makes known. */
export const givenBy = (text: string, context: ValueContext, find: ValueFinder): readonly string[] =>
  factsOf(text, context, find).flatMap(({ gives }) => gives);

/** "14-day" is known where 14 is. */
function countKnown(written: string, known: ReadonlySet<string>): boolean {
  const [, count] = /^(\d{1,3})-\p{L}+$/u.exec(written) ?? [];
  return count !== undefined && known.has(`code:${codeForm(count)}`);
}

/** "1,299.00", "1299" and "1.299,00" are one number, "FF-245310" and "ff245310" one code. */
function codeForm(written: string): string {
  const plain = ordinal.exec(written)?.[1] ?? written;
  const amount = /^(\d{1,3}(?:[.,'’]\d{3})+|\d+)(?:[.,](\d{1,2}))?$/.exec(plain);
  if (amount === null) return plain.toUpperCase().replace(/[^\p{L}\p{N}]/gu, '');
  const cents = (amount[2] ?? '').replace(/0+$/, '');
  return `${(amount[1] ?? '').replace(/\D/g, '')}${cents === '' ? '' : `.${cents}`}`;
}
