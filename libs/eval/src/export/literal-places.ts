/** Where something stands in a text, and what is to stand there. */
export interface Place {
  /** Characters [start, end), in UTF-16 code units. */
  readonly start: number;
  readonly end: number;
  readonly placeholder: string;
}

/** Words to look for, each with its placeholder. */
export interface LiteralWords {
  /** In lower case: they count in any letter case. */
  readonly anyCase: ReadonlyMap<string, string>;
  /** As they stand. */
  readonly exact: ReadonlyMap<string, string>;
}

const partOfWord = /[\p{L}\p{N}]/u;

/** Where the words stand in a text as words of their own, letter for letter. */
export function literalPlaces(text: string, { anyCase, exact }: LiteralWords): readonly Place[] {
  const lower = lowered(text);
  return [
    ...[...anyCase].flatMap(([word, placeholder]) => placesOf(lower, word, placeholder)),
    ...[...exact].flatMap(([word, placeholder]) => placesOf(text, word, placeholder)),
  ];
}

function placesOf(text: string, word: string, placeholder: string): Place[] {
  const places: Place[] = [];
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
    const end = at + word.length;
    const within = partOfWord.test(text.charAt(at - 1)) || partOfWord.test(text.charAt(end));
    if (!within) places.push({ start: at, end, placeholder });
  }
  return places;
}

/** In lower case, every character in its place: some grow when they are lowered, and stay. */
const lowered = (text: string): string =>
  text.replace(/\p{Lu}/gu, (letter) => {
    const small = letter.toLowerCase();
    return small.length === letter.length ? small : letter;
  });
