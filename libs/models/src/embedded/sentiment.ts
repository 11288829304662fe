import { type Features, hashWord } from './features.js';
import { LEANING, NEGATIVE_SIGNS, POSITIVE_SIGNS } from './sentiment-lexicon.js';

/** What a text says about its writer's mood by itself, whatever the examples were. */
export const SIGNALS = [
  'strongly negative words',
  'negative words',
  'positive words',
  'strongly positive words',
  'negated negative words',
  'negated positive words',
  'sum of the words',
  'clearly one way',
  'exclamation marks',
  'question marks',
  'capitals',
  'positive signs',
  'negative signs',
] as const;

type Leaning = keyof typeof LEANING;
const codes: Readonly<Record<Leaning, number>> = {
  stronglyNegative: 1,
  negative: 2,
  positive: 3,
  stronglyPositive: 4,
  negating: 5,
};
const NEGATING = codes.negating;

const ENDINGS = ['', 's', 'ed', 'd', 'ing', 'ly'];

/** Word hash to code. What negates and leans at once only negates: "cant" says more about what follows. */
const lexicon: ReadonlyMap<number, number> = (() => {
  const map = new Map<number, number>();
  for (const [leaning, byLanguage] of Object.entries(LEANING)) {
    const code = codes[leaning as Leaning];
    for (const [language, words] of Object.entries(byLanguage)) {
      const endings = language === 'en' && code !== NEGATING ? ENDINGS : [''];
      for (const word of words.split(' ')) {
        for (const ending of endings) {
          const hash = hashWord(word + ending);
          if (ending === '' || !map.has(hash)) map.set(hash, code);
        }
      }
    }
  }
  return map;
})();
const exclamation = hashWord('!');
const question = hashWord('?');

/** Words after a negation that it still turns around. */
const REACH = 3;

/** Words of each code: 1 to 4 as they stand, 5 and 6 negated negative and negated positive, 7 `!`, 8 `?`. */
function countWords({ hashes, words }: Features): Uint16Array {
  const counts = new Uint16Array(9);
  let negated = 0;
  for (let at = 0; at < words; at += 1) {
    const hash = hashes[at] as number;
    const code = lexicon.get(hash);
    if (code === NEGATING) negated = REACH + 1;
    else if (code !== undefined) {
      const slot = negated === 0 ? code : code <= 2 ? 5 : 6;
      counts[slot] = (counts[slot] as number) + 1;
    } else if (hash === exclamation) counts[7] = (counts[7] as number) + 1;
    else if (hash === question) counts[8] = (counts[8] as number) + 1;
    if (negated > 0) negated -= 1;
  }
  return counts;
}

/** Share of capitals among the letters A to Z; 0 for texts too short to tell. */
function capitals(text: string, end: number): number {
  let upper = 0;
  let lower = 0;
  for (let at = 0; at < end; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= 65 && code <= 90) upper += 1;
    else if (code >= 97 && code <= 122) lower += 1;
  }
  return upper < 6 ? 0 : upper / (upper + lower);
}

/** Signals weigh about as much as a handful of rare words: a text's vector has the length 1. */
const WEIGHT = 1;
const damp = (count: number): number => WEIGHT * Math.log2(1 + count);

/** Characters looked at for capitals and signs. */
const EXAMINED = 1_200;

/**
 * The signals of a text, in the order of {@link SIGNALS}, written into `values` from `at` on.
 *
 * @param features of the same text
 */
export function readSignals(text: string, features: Features, values: Float32Array, at: number): void {
  const counts = countWords(features);
  const count = (code: number): number => counts[code] as number;
  const sum = 2 * (count(4) - count(1)) + count(3) - count(2) + 0.5 * (count(5) - count(6));
  const seen = text.length > EXAMINED ? text.slice(0, EXAMINED) : text;
  values[at] = damp(count(1));
  values[at + 1] = damp(count(2));
  values[at + 2] = damp(count(3));
  values[at + 3] = damp(count(4));
  values[at + 4] = damp(count(5));
  values[at + 5] = damp(count(6));
  values[at + 6] = WEIGHT * Math.tanh(sum / 2);
  values[at + 7] = WEIGHT * (Math.abs(sum) > 1.5 ? Math.sign(sum) : 0);
  values[at + 8] = damp(Math.min(3, count(7)));
  values[at + 9] = damp(Math.min(3, count(8)));
  values[at + 10] = WEIGHT * 2 * capitals(seen, seen.length);
  values[at + 11] = 2 * WEIGHT * Number(POSITIVE_SIGNS.test(seen));
  values[at + 12] = 2 * WEIGHT * Number(NEGATIVE_SIGNS.test(seen));
}
