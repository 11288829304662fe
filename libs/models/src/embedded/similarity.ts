import { eachWord, lowered } from './words.js';

/** A text of the index and how much another one is like it. */
interface Neighbour {
  readonly index: number;
  /** Cosine of the weighted words of both, 0 to 1. */
  readonly similarity: number;
}

/** The texts most like `text`, falling, at most `keep`; none that shares no word with it. */
export type Nearest = (text: string, keep: number) => readonly Neighbour[];

/** Letters of a word that count: its ending is grammar more often than meaning. */
const STEM = 6;
/** Characters of a query that are looked at. */
const EXAMINED = 2_000;

/** Stems and pairs of neighbouring stems, with how often each occurs. */
function termsOf(text: string): Map<string, number> {
  const lower = lowered(text.slice(0, EXAMINED));
  const terms = new Map<string, number>();
  const count = (term: string): void => {
    terms.set(term, (terms.get(term) ?? 0) + 1);
  };
  let previous = '';
  eachWord(lower, (start, end) => {
    const stem = lower.slice(start, Math.min(end, start + STEM));
    count(stem);
    if (previous !== '') count(`${previous} ${stem}`);
    previous = stem;
    return true;
  });
  return terms;
}

const frequencyWeight = (count: number): number => 1 + Math.log(count);

/** Where a term occurs, and with what weight. */
interface Postings {
  readonly texts: number[];
  readonly weights: number[];
  rarity: number;
}

function postingsOf(documents: readonly ReadonlyMap<string, number>[]): Map<string, Postings> {
  const index = new Map<string, Postings>();
  for (const [document, terms] of documents.entries()) {
    for (const [term, count] of terms) {
      const postings = index.get(term) ?? { texts: [], weights: [], rarity: 0 };
      index.set(term, postings);
      postings.texts.push(document);
      postings.weights.push(frequencyWeight(count));
    }
  }
  for (const postings of index.values()) {
    postings.rarity = Math.log(1 + documents.length / postings.texts.length);
  }
  return index;
}

/** Divides every weight by the length of its text's vector, so that a sum of products is a cosine. */
function normalise(index: ReadonlyMap<string, Postings>, documents: number): void {
  const squares = new Float64Array(documents);
  const visit = (each: (postings: Postings, place: number, text: number) => void): void => {
    for (const postings of index.values()) {
      for (const [place, text] of postings.texts.entries()) each(postings, place, text);
    }
  };
  visit((postings, place, text) => {
    const weight = (postings.weights[place] ?? 0) * postings.rarity;
    postings.weights[place] = weight;
    squares[text] = (squares[text] ?? 0) + weight * weight;
  });
  visit((postings, place, text) => {
    postings.weights[place] = (postings.weights[place] ?? 0) / Math.sqrt(squares[text] ?? 1);
  });
}

/** The `keep` highest scores, falling; of equal ones the earlier text first. */
function highest(scores: Float64Array, keep: number): Neighbour[] {
  const found: { index: number; similarity: number }[] = [];
  let least = 0;
  for (let index = 0; index < scores.length; index += 1) {
    const similarity = scores[index] as number;
    if (similarity <= least) continue;
    let place = found.length;
    while (place > 0 && (found[place - 1]?.similarity ?? 0) < similarity) place -= 1;
    found.splice(place, 0, { index, similarity });
    if (found.length > keep) found.pop();
    if (found.length === keep) least = found.at(-1)?.similarity ?? Number.POSITIVE_INFINITY;
  }
  return found;
}

/** Indexes texts by their words, weighted by how rare each is among them. A query touches only the words it holds. */
export function indexTexts(texts: readonly string[]): Nearest {
  const index = postingsOf(texts.map(termsOf));
  normalise(index, texts.length);
  const unseen = Math.log(1 + texts.length);
  return (text, keep) => {
    const scores = new Float64Array(texts.length);
    let square = 0;
    for (const [term, count] of termsOf(text)) {
      const postings = index.get(term);
      const weight = frequencyWeight(count) * (postings?.rarity ?? unseen);
      square += weight * weight;
      if (postings !== undefined) add(scores, postings, weight);
    }
    const length = Math.sqrt(square);
    return highest(scores, keep).map(({ index: place, similarity }) => ({
      index: place,
      similarity: Math.min(1, similarity / length),
    }));
  };
}

function add(scores: Float64Array, { texts, weights }: Postings, weight: number): void {
  for (let place = 0; place < texts.length; place += 1) {
    const text = texts[place] ?? 0;
    scores[text] = (scores[text] ?? 0) + weight * (weights[place] ?? 0);
  }
}
