import type { LiteralWords } from './literal-places.js';
import type { SenderNames } from './sender-names.js';

/** The personal values of one row, each with its placeholder however it is written. */
export interface KnownValues {
  /** The placeholder of a value, a new one where it is new. `written`: as it stands in a text. */
  learn(kind: string, value: string, written: string): string;
  /** The same for a value that was read out of a message: no rule may find it, so it is looked for however many there are. */
  learnRead(kind: string, value: string, written: string): void;
  placeholderOf(kind: string, value: string): string | undefined;
  /** What is known by now, to be looked for letter for letter: in a reply a number may stand bare. */
  words(): LiteralWords;
}

/** Letters and digits of a value that says who it is of; a shorter one may stand anywhere. */
const LEAST = 4;
/** Numbers are written with and without what goes before them, such as FF-204518 and 204518. */
const LEAST_SHARED = 5;
/**
 * Values of a kind that are compared with each other and, where a rule found them, looked for letter by letter. Of a longer list
 * the rules still find every one by itself: no message may take a time that grows with the square of its length.
 */
const MOST_COMPARED = 64;

/** Placeholder of the sender's own name. */
const SENDER = '[NAME_1]';

interface Known {
  readonly key: string;
  readonly placeholder: string;
  readonly written: Set<string>;
  /** Ways of writing it that are looked for in any case. */
  readonly read: Set<string>;
}

/** A value without letter case, spaces and signs between. */
export const keyOf = (value: string): string => value.toLowerCase().replace(/[^\p{L}\p{N}@]+/gu, '');

/** The values of a row whose sender has these names; nothing else is known yet. */
export function knownValues(names: SenderNames): KnownValues {
  const byKey = new Map<string, Known>();
  const byKind = new Map<string, Known[]>();
  const listOf = (kind: string): Known[] => {
    const list = byKind.get(kind) ?? [];
    byKind.set(kind, list);
    return list;
  };
  const find = (kind: string, key: string): Known | undefined =>
    byKey.get(`${kind} ${key}`) ??
    listOf(kind)
      .slice(0, MOST_COMPARED)
      .find((each) => alike(kind, each.key, key));
  if (names.words.length > 0) {
    listOf('NAME').push({
      key: keyOf(names.words.join(' ')),
      placeholder: SENDER,
      written: new Set(),
      read: new Set(),
    });
  }
  const entryOf = (kind: string, value: string): Known => {
    const key = keyOf(value);
    const known = find(kind, key);
    if (known !== undefined) return known;
    const list = listOf(kind);
    const added: Known = {
      key,
      placeholder: `[${kind}_${list.length + 1}]`,
      written: new Set(),
      read: new Set(),
    };
    list.push(added);
    byKey.set(`${kind} ${key}`, added);
    return added;
  };
  return {
    learn(kind, value, written) {
      const known = entryOf(kind, value);
      known.written.add(written).add(value);
      return known.placeholder;
    },
    learnRead(kind, value, written) {
      entryOf(kind, value).read.add(written).add(value);
    },
    placeholderOf: (kind, value) => find(kind, keyOf(value))?.placeholder,
    words: () => wordsOf(byKind, names),
  };
}

/** Whether two keys are ways of writing one value: one is the end of the other, of a name any part of it. */
function alike(kind: string, one: string, other: string): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  if (kind === 'NAME') return short.length >= LEAST - 1 && long.includes(short);
  return kind !== 'EMAIL' && short.length >= LEAST_SHARED && long.endsWith(short);
}

function wordsOf(byKind: ReadonlyMap<string, readonly Known[]>, names: SenderNames): LiteralWords {
  const anyCase = new Map<string, string>();
  for (const [kind, list] of byKind) {
    for (const [at, { placeholder, written, read }] of list.entries()) {
      for (const each of at < MOST_COMPARED ? [...written, ...read] : read) {
        if (kind === 'NAME' || keyOf(each).length >= LEAST) anyCase.set(each.toLowerCase(), placeholder);
      }
    }
  }
  for (const whole of names.whole) anyCase.set(whole.toLowerCase(), SENDER);
  const exact = names.words.flatMap((word) => [word, word.toUpperCase()]);
  return { anyCase, exact: new Map(exact.map((word) => [word, SENDER])) };
}
