import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXAMINED_CHARACTERS, hashWord, readFeatures } from './features.js';

const hashesOf = (text: string, subject = ''): readonly number[] => {
  const { hashes, count } = readFeatures(text, subject);
  return [...hashes.subarray(0, count)];
};
const wordsOf = (text: string): readonly number[] => hashesOf(text).slice(0, readFeatures(text).words);

describe('readFeatures', () => {
  it.each([
    ['case', 'WHERE is My Parcel', 'where is my parcel'],
    ['accents', 'où est mon colis arrivé', 'ou est mon colis arrive'],
    ['apostrophes of any kind', "I don't and I don’t", 'i dont and i dont'],
    ['values of digits', 'order 4711', 'order 9999'],
    ['spaces and punctuation', '  hello,\n\tworld. ', 'hello world'],
    ['combining accents', 'cafe\u0301', 'café'],
  ])('does not tell %s apart', (_, one, other) => expect(hashesOf(one)).toEqual(hashesOf(other)));

  it.each([
    ['words', 'late parcel', 'late parcels'],
    ['order', 'not good but bad', 'not bad but good'],
    ['how many digits', 'order 4711', 'order 47110'],
    ['question and statement', 'is it there?', 'is it there'],
    ['scripts', 'привет', 'пока'],
    ['signs', 'ok 😀', 'ok 😡'],
  ])('tells %s apart', (_, one, other) => expect(hashesOf(one)).not.toEqual(hashesOf(other)));

  it('has words first, in order, with ? and ! as words', () => {
    expect(wordsOf('Why?! Late again!')).toEqual(['why', '?', '!', 'late', 'again', '!'].map(hashWord));
  });

  it('reads the subject before the text', () => {
    expect(hashesOf('is late', 'my parcel')).toEqual(hashesOf('my parcel is late'));
  });

  it.each(['', '   ', '...', "'"])('finds nothing in %j', (text) => {
    expect(readFeatures(text)).toMatchObject({ words: 0, count: 0 });
  });

  it('looks at the beginning only', () => {
    const head = 'parcel '.repeat(300).slice(0, EXAMINED_CHARACTERS);
    expect(hashesOf(`${head}${'x'.repeat(100_000)}`)).toEqual(hashesOf(head));
  });

  it('takes any text: the features fit, and case never matters to ASCII', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 3_000 }),
      fc.string({ unit: fc.constantFrom('?', '!', 'a', ' ', 'é', '\ud83d'), maxLength: 3_000 }),
    );
    fc.assert(
      fc.property(text, text, (one, subject) => {
        const { count, words, hashes } = readFeatures(one, subject);
        expect(words).toBeLessThanOrEqual(count);
        expect(count).toBeLessThan(hashes.length);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (one) => {
        expect(hashesOf(one.toUpperCase())).toEqual(hashesOf(one.toLowerCase()));
      }),
    );
  });
});
