/**
 * Features of a text as 32-bit hashes: words, pairs of neighbouring words, pairs with one word between them, and
 * characters in runs of 2 to 5 (across word boundaries). Case, accents, apostrophes and digits' values are folded away,
 * `?` and `!` are words of their own.
 */
export interface Features {
  /** Valid up to `count`, and only until the next text is read. The first `words` are the words, in order. */
  readonly hashes: Uint32Array;
  readonly words: number;
  readonly count: number;
}

/** Code units of a message's text that are looked at; a customer says what it is about long before this. */
export const EXAMINED_CHARACTERS = 1_200;
/** Code units of a subject that are looked at. */
export const EXAMINED_SUBJECT = 200;

const SPACE = 32;
const ZERO = 48;
const DROPPED = 0;
const LONGEST_RUN = 5;
const ROOM = EXAMINED_CHARACTERS + EXAMINED_SUBJECT;

/** Every text is read into these: a message costs no allocation, and nothing here is asynchronous. */
// Each `?` and `!` can grow to three characters.
const characters = new Uint16Array(3 * ROOM + 3);
const hashes = new Uint32Array(3 * ROOM * (LONGEST_RUN - 1) + 9 * ROOM);
const features = { hashes, words: 0, count: 0 };

/** What a character below this code unit is read as; above it everything but punctuation is kept as it is. */
const TABLE_END = 0x530;
const table = Uint16Array.from({ length: TABLE_END }, (_, code) => {
  const base = String.fromCharCode(code).toLowerCase().normalize('NFD').slice(0, 1);
  if (/\d/.test(base)) return ZERO;
  if (base === "'" || code === 0xb4 || code === 0x60) return DROPPED;
  if (/\p{M}/u.test(base)) return DROPPED;
  if (base === '?' || base === '!') return base.charCodeAt(0);
  return /\p{L}/u.test(base) ? base.charCodeAt(0) : SPACE;
});

function folded(code: number): number {
  if (code < TABLE_END) return table[code] as number;
  if (code === 0x2019) return DROPPED;
  if ((code >= 0x2000 && code <= 0x20cf) || (code >= 0x3000 && code <= 0x303f)) return SPACE;
  return code;
}

/** Spreads the bits of a hash: neighbouring texts must not land on neighbouring places. */
function spread(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Appends `text` to `characters`, words parted by one space each. Answers the new length, which ends in a space. */
function normalise(text: string, limit: number, from: number): number {
  let length = from;
  const end = Math.min(text.length, limit);
  for (let at = 0; at < end; at += 1) {
    const code = folded(text.charCodeAt(at));
    if (code === DROPPED) continue;
    const parted = characters[length - 1] === SPACE;
    if (code === SPACE) {
      if (!parted) characters[length++] = SPACE;
    } else if (code === 63 || code === 33) {
      if (!parted) characters[length++] = SPACE;
      characters[length++] = code;
      characters[length++] = SPACE;
    } else characters[length++] = code;
  }
  if (characters[length - 1] !== SPACE) characters[length++] = SPACE;
  return length;
}

function hashWords(length: number): number {
  let count = 0;
  let hash = FNV_OFFSET;
  for (let at = 1; at < length; at += 1) {
    const code = characters[at] as number;
    if (code !== SPACE) hash = Math.imul(hash ^ code, FNV_PRIME);
    else {
      hashes[count++] = spread(hash);
      hash = FNV_OFFSET;
    }
  }
  return count;
}

/** Pairs of words, the text's two ends counting as words, and pairs around one word. */
function hashPairs(words: number): number {
  let count = words;
  let second = 0;
  let last = 0x9e3779b9;
  for (let at = 0; at < words; at += 1) {
    const word = hashes[at] as number;
    hashes[count++] = spread(Math.imul(last, 31) ^ word ^ 0x22222222);
    if (at > 1) hashes[count++] = spread(Math.imul(second, 31) ^ word ^ 0x77777777);
    second = last;
    last = word;
  }
  hashes[count++] = spread(Math.imul(last, 31) ^ 0x9e3779b9 ^ 0x22222222);
  return count;
}

function hashRuns(length: number, from: number): number {
  let count = from;
  for (let start = 0; start < length - 1; start += 1) {
    const end = Math.min(length, start + LONGEST_RUN);
    let hash = Math.imul(0x51ed27 ^ (characters[start] as number), FNV_PRIME);
    for (let at = start + 1; at < end; at += 1) {
      hash = Math.imul(hash ^ (characters[at] as number), FNV_PRIME);
      hashes[count++] = spread(hash);
    }
  }
  return count;
}

/**
 * Features of a message, of its first {@link EXAMINED_CHARACTERS} characters: the cost is bounded whatever comes in.
 * The answer is overwritten by the next call.
 */
export function readFeatures(text: string, subject = ''): Features {
  characters[0] = SPACE;
  let length = normalise(subject, EXAMINED_SUBJECT, 1);
  length = normalise(text, EXAMINED_CHARACTERS, length);
  if (length === 1) return Object.assign(features, { words: 0, count: 0 });
  features.words = hashWords(length);
  features.count = hashRuns(length, hashPairs(features.words));
  return features;
}

/** Hash of one word, as {@link readFeatures} gives it. */
export function hashWord(word: string): number {
  const { hashes: found, words } = readFeatures(word);
  return words === 1 ? (found[0] as number) : 0;
}
