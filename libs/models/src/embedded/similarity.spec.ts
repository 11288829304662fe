import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { indexTexts } from './similarity.js';

const texts = ['where is my parcel', 'I want my money back', 'deliveries to Cork', 'where is the money'];
const nearest = indexTexts(texts);

describe('nearest texts', () => {
  it.each<[string, string]>([
    ['Where is my PARCEL?', 'where is my parcel'],
    ['I want some money back please', 'I want my money back'],
    ['was it delivered', 'deliveries to Cork'],
  ])('to "%s"', (query, want) => {
    expect(texts[nearest(query, 1)[0]?.index ?? -1]).toBe(want);
  });

  it('are none for a text without a word in common', () => {
    expect(nearest('qwertz 123 😀', 3)).toEqual([]);
    expect(nearest('', 3)).toEqual([]);
    expect(indexTexts([])('where', 3)).toEqual([]);
  });

  it('are at most as many as asked for', () => {
    expect(nearest('where is the money', 2)).toHaveLength(2);
  });

  it('are all of one similarity to themselves: one', () => {
    for (const [index, text] of texts.entries()) {
      expect(nearest(text, 1)[0]).toEqual({ index, similarity: expect.closeTo(1, 6) });
    }
  });

  it('are in falling order, each similarity between 0 and 1', () => {
    fc.assert(
      fc.property(fc.array(fc.lorem(), { minLength: 1, maxLength: 8 }), fc.lorem(), (words, query) => {
        const found = indexTexts(words)(query, 8);
        for (const [place, { similarity }] of found.entries()) {
          expect(similarity).toBeGreaterThan(0);
          expect(similarity).toBeLessThanOrEqual(1);
          expect(similarity).toBeLessThanOrEqual(found[place - 1]?.similarity ?? 1);
        }
      }),
    );
  });
});
