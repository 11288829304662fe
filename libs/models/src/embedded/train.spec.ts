import { type MoodName, OUT_OF_SCOPE, type Pack } from '@spillway/pack/pack';
import { describe, expect, it } from 'vitest';
import { decodeTrained, encodeTrained, sourceOf, trainPack } from './train.js';
import { predictIntent, predictMood } from './trained.js';

const things = ['parcel', 'jacket', 'lamp', 'tent', 'mug', 'blanket'];
const starts: readonly (readonly [string, string])[] = [
  ['tracking', 'where is my'],
  ['tracking', 'has it shipped yet, the'],
  ['refund', 'please refund the'],
  ['refund', 'i want my money back for the'],
  [OUT_OF_SCOPE, 'sing me a song about a'],
  [OUT_OF_SCOPE, 'who invented the'],
];
const moods: readonly (readonly [MoodName, string])[] = [
  ['neutral', ''],
  ['negative', ', this is awful and a disgrace'],
  ['positive', ', thanks, you are wonderful'],
];

function packOf(kept: readonly MoodName[]): Pack {
  const intents = [...new Set(starts.map(([label]) => label))].map((label) => ({
    label,
    queue: 'all',
    description: '',
    examples: starts
      .filter(([own]) => own === label)
      .flatMap(([, start]) =>
        things.flatMap((thing) => moods.map(([mood, end]) => ({ mood, text: `${start} ${thing}${end}` }))),
      )
      .filter(({ mood }) => kept.includes(mood)),
  }));
  return { hash: 'f00d', intents } as Partial<Pack> as Pack;
}

const pack = packOf(['neutral', 'negative', 'positive']);
const trained = trainPack(pack);

describe('trainPack', () => {
  it.each([
    ['where is my kettle', 'tracking', 'neutral'],
    ['please refund the kettle, you are awful', 'refund', 'negative'],
    ['thanks, wonderful! has the kettle shipped yet', 'tracking', 'positive'],
    ['who invented the kettle', OUT_OF_SCOPE, 'neutral'],
  ])('learns intents and moods: %s', (text, intent, mood) => {
    expect(predictIntent(trained, text, '').label).toBe(intent);
    expect(predictMood(trained, text, '').label).toBe(mood);
  });

  it('reads moods that no example shows from words that lean by themselves', () => {
    expect(predictMood(trained, 'where is my tent, i am furious, what a joke', '').label).toBe('negative');
    expect(predictMood(trained, 'where is my tent, lovely shop, brilliant', '').label).toBe('positive');
  });

  it('answers the same for a message when asked again', () => {
    const once = predictIntent(trained, 'where is my tent', 'order');
    for (let other = 0; other < 600; other += 1) predictIntent(trained, `please refund ${other}`, '');
    expect(predictIntent(trained, 'where is my tent', 'order')).toEqual(once);
  });

  it('does not mix up a subject with another', () => {
    expect(predictIntent(trained, 'the tent', 'refund my money').label).toBe('refund');
    expect(predictIntent(trained, 'the tent', 'has it shipped yet').label).toBe('tracking');
  });

  it('says what it does, with shares that rise', () => {
    const reports: (readonly [string, number])[] = [];
    trainPack(pack, (doing, share) => reports.push([doing, share]));
    const shares = reports.map(([, share]) => share);
    expect(reports.map(([doing]) => doing)).toContain('moods: learning');
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  });

  it('asks for moods where the examples show one only', () => {
    expect(() => trainPack(packOf(['neutral']))).toThrow(
      expect.objectContaining({
        code: 'misconfigured',
        problems: [expect.objectContaining({ where: 'intents.yaml' })],
      }),
    );
  });
});

describe('decodeTrained', () => {
  it('reads back what was written, with the pack it belongs to', () => {
    const again = decodeTrained(encodeTrained(trained));
    expect(again.source).toBe(sourceOf(pack));
    for (const text of ['where is my tent', 'awful! refund the mug', '']) {
      expect(predictIntent(again, text, '')).toEqual(predictIntent(trained, text, ''));
      expect(predictMood(again, text, '')).toEqual(predictMood(trained, text, ''));
    }
  });

  it('refuses other bytes', () => {
    expect(() => decodeTrained(new Uint8Array(64))).toThrow(expect.objectContaining({ code: 'malformed' }));
  });
});

describe('sourceOf', () => {
  it('changes with the examples, and with nothing else of the pack', () => {
    const [first, ...rest] = pack.intents;
    const renamed = { ...pack, hash: 'other', name: 'other' };
    const relabelled = {
      ...pack,
      intents: [{ ...(first as (typeof pack.intents)[number]), label: 'other' }, ...rest],
    };
    expect(sourceOf(renamed)).toBe(sourceOf(pack));
    expect(sourceOf(relabelled)).not.toBe(sourceOf(pack));
  });
});
