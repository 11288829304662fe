import { type Features, readFeatures } from './features.js';

/** The features that a model knows: an open-addressing table from hash to a dense number, and a weight for each. */
export interface Vocabulary {
  /** Number of features known. */
  readonly size: number;
  /** Pairs (hash, number of the feature + 1); a zero in the second place is an empty slot. Length: a power of two. */
  readonly slots: Uint32Array;
  /** Square root of the inverse document frequency, ln((1+n)/(1+df)) + 1: common features still say something. */
  readonly weights: Float32Array;
  /** The weight that a feature seen in no text would have. */
  readonly unknownWeight: number;
}

/** Known features of a text, of length 1 as a vector. */
export interface Vector {
  readonly ids: Int32Array;
  readonly values: Float32Array;
  readonly count: number;
  /** Share of the text's weight that falls on known words, 0 to 1; 0 without words. */
  readonly wordCoverage: number;
  /** The same over all features. */
  readonly coverage: number;
  readonly words: number;
}

const home = (hash: number, mask: number): number => (hash & mask) << 1;

function find(slots: Uint32Array, hash: number): number {
  const mask = (slots.length >>> 1) - 1;
  for (let at = home(hash, mask); ; at = (at + 2) & ((mask << 1) | 1)) {
    const id = slots[at + 1] as number;
    if (id === 0 || slots[at] === hash) return id - 1;
  }
}

/** Builds the table of a vocabulary from its hashes, numbered in order. */
export function tableOf(hashes: Uint32Array): Uint32Array {
  let capacity = 16;
  while (capacity < 2 * hashes.length) capacity *= 2;
  const slots = new Uint32Array(2 * capacity);
  for (const [id, hash] of hashes.entries()) {
    let at = home(hash, capacity - 1);
    while (slots[at + 1] !== 0) at = (at + 2) & (2 * capacity - 1);
    slots[at] = hash;
    slots[at + 1] = id + 1;
  }
  return slots;
}

/** Texts with fewer examples than this keep also the features that only one of them has. */
const SMALL = 1_000;

/** Learns the features of some texts. */
export function buildVocabulary(texts: readonly string[]): Vocabulary {
  const frequency = new Map<number, number>();
  for (const text of texts) {
    const { hashes, count } = readFeatures(text);
    for (const hash of new Set(hashes.subarray(0, count)))
      frequency.set(hash, (frequency.get(hash) ?? 0) + 1);
  }
  const needed = texts.length < SMALL ? 1 : 2;
  const known = [...frequency].filter(([, count]) => count >= needed);
  const weight = (count: number) => Math.sqrt(Math.log((1 + texts.length) / (1 + count)) + 1);
  return {
    size: known.length,
    slots: tableOf(Uint32Array.from(known, ([hash]) => hash)),
    weights: Float32Array.from(known, ([, count]) => weight(count)),
    unknownWeight: weight(0),
  };
}

/** 1 + ln(n): the tenth time a feature is seen says little more than the ninth. */
const damped = Float32Array.from({ length: 256 }, (_, count) => (count === 0 ? 0 : 1 + Math.log(count)));

/** Space to weigh texts in; one for each vocabulary, so that a message costs no allocation. */
export interface Scale {
  readonly vocabulary: Vocabulary;
  readonly ids: Int32Array;
  readonly values: Float32Array;
  /** Place + 1 of each feature in the vector being made; all zero in between. */
  readonly place: Int32Array;
}

/** Room behind the features of a text for those that are not in the vocabulary. */
const EXTRA = 32;

/** Makes the space for a vocabulary. */
export function scaleFor(vocabulary: Vocabulary): Scale {
  const room = Math.min(vocabulary.size, readFeatures('').hashes.length) + EXTRA;
  return {
    vocabulary,
    ids: new Int32Array(room),
    values: new Float32Array(room),
    place: new Int32Array(vocabulary.size),
  };
}

/** Weighs features by a vocabulary. The vector lies in the scale: it is overwritten by the next call. */
export function weigh(scale: Scale, features: Features): Vector {
  const { ids, values, place } = scale;
  const { slots, weights, unknownWeight } = scale.vocabulary;
  let count = 0;
  let known = 0;
  let unknown = 0;
  let wordCoverage = 0;
  for (let at = 0; at < features.count; at += 1) {
    if (at === features.words) wordCoverage = known / (known + unknown * unknownWeight);
    const id = find(slots, features.hashes[at] as number);
    if (id < 0) {
      unknown += 1;
      continue;
    }
    known += weights[id] as number;
    const seen = place[id] as number;
    if (seen > 0) (values[seen - 1] as number) += 1;
    else {
      ids[count] = id;
      values[count] = 1;
      place[id] = ++count;
    }
  }
  normalise(scale, count);
  const coverage = features.count === 0 ? 0 : known / (known + unknown * unknownWeight);
  return { ids, values, count, wordCoverage, coverage, words: features.words };
}

function normalise({ ids, values, place, vocabulary }: Scale, count: number): void {
  let squares = 0;
  for (let at = 0; at < count; at += 1) {
    const id = ids[at] as number;
    place[id] = 0;
    const value =
      (damped[Math.min(255, values[at] as number)] as number) * (vocabulary.weights[id] as number);
    values[at] = value;
    squares += value * value;
  }
  const factor = 1 / Math.sqrt(squares || 1);
  for (let at = 0; at < count; at += 1) (values[at] as number) *= factor;
}
