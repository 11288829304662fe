import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distribution, predictor, trainLinear } from './linear.js';
import { decodeModel, encodeModel } from './linear-codec.js';

const things = ['parcel', 'jacket', 'lamp', 'tent', 'mug', 'blanket', 'hammock', 'boots'];
const topics: Readonly<Record<string, readonly string[]>> = {
  tracking: ['where is my ', 'when does it ship, the ', 'tracking link for the ', 'has it left yet, my '],
  refund: [
    'i want my money back for the ',
    'refund me the ',
    'please pay back the ',
    'no refund yet for the ',
  ],
  invoice: [
    'send me an invoice for the ',
    'the receipt is missing for the ',
    'i need a bill with vat for the ',
  ],
  oos: ['sing a song about a ', 'who invented the ', 'what is the weather for a '],
};
const examples = Object.entries(topics).flatMap(([label, starts]) =>
  starts.flatMap((start) => things.map((thing) => ({ label, text: start + thing }))),
);
const texts = examples.map(({ text }) => text);
const labelling = { name: 'topics', labels: examples.map(({ label }) => label), outOfScope: 'oos' };
const model = trainLinear(texts, [labelling]);
const predict = predictor(model);
const first = (text: string, subject = '') => predict(text, subject)[0] ?? expect.fail('no prediction');

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc
    .array(fc.constantFrom(...things, 'refund', 'where', 'is', 'the', '?'), { maxLength: 30 })
    .map((words) => words.join(' ')),
);

describe('trainLinear', () => {
  it.each([
    ['where is the kettle, has it left yet', 'tracking'],
    ['PAY BACK MY MONEY for the kettle!!!', 'refund'],
    ['invoce with VAT for my kettle please', 'invoice'],
    ['who invented singing', 'oos'],
  ])('learns a toy set: %s', (text, label) => expect(first(text).label).toBe(label));

  it('reads the subject too', () => {
    expect(first('for the lamp', 'refund').label).toBe('refund');
  });

  it('is surer of what the examples say than of what they do not', () => {
    const known = first('i want my money back for the kettle').calibrated;
    const foreign = first('the quarterly glacier survey found krill under thick ice').calibrated;
    expect(known).toBeGreaterThan(0.85);
    expect(foreign).toBeLessThan(0.5);
  });

  it('is not talked into certainty by length', () => {
    const foreign = 'glaciers calve into fjords while krill and plankton drift under polar ice shelves. ';
    const { label, calibrated } = first(`${foreign.repeat(12)} refund`);
    if (label !== 'oos') expect(calibrated).toBeLessThan(0.3);
  });

  it('answers alternatives that fall, start with the label and sum to one at most', () => {
    fc.assert(
      fc.property(anyText, anyText, (text, subject) => {
        const { label, raw, calibrated, alternatives } = first(text, subject);
        const probabilities = alternatives.map(({ probability }) => probability);
        expect(alternatives[0]).toEqual({ label, probability: calibrated });
        expect(alternatives).toHaveLength(4);
        expect(probabilities).toEqual(probabilities.toSorted((a, b) => b - a));
        expect(probabilities.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(1 + 1e-9);
        for (const one of [raw, calibrated, ...probabilities]) {
          expect(one).toBeGreaterThanOrEqual(0);
          expect(one).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('answers the same for the same text, whatever came between', () => {
    fc.assert(
      fc.property(anyText, anyText, (text, between) => {
        const before = predict(text);
        predict(between);
        expect(predict(text)).toEqual(before);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['no words', '... --- ...'],
    ['no letter of the examples', '注文した商品がまだ届きません'],
  ])('is not sure of %s', (_, text) => expect(first(text).calibrated).toBeLessThan(0.6));

  it('reads a bounded part of an endless text', () => {
    const head = `please refund me the lamp ${'and '.repeat(400)}`;
    expect(predict(head + 'x'.repeat(100_000))).toEqual(predict(head + 'y'.repeat(200_000)));
  });

  it('gives the same model for the same examples and seed, and another for another seed', () => {
    const bytes = (seed: number) => encodeModel('', trainLinear(texts, [labelling], { seed }));
    expect(bytes(1)).toEqual(bytes(1));
    expect(bytes(2)).not.toEqual(bytes(1));
  });

  it('calibrates on texts of the caller instead, when given', () => {
    const confidenceAfter = (labels: readonly string[]) => {
      const calibrateOn = { texts: texts.toReversed(), labels: [labels.toReversed()] };
      return predictor(trainLinear(texts, [labelling], { calibrateOn }))('refund me the lamp')[0]?.calibrated;
    };
    const wrong = labelling.labels.map((label) => (label === 'refund' ? 'invoice' : 'refund'));
    expect(confidenceAfter(labelling.labels)).toBeGreaterThan(0.85);
    expect(confidenceAfter(wrong)).toBeLessThan(0.3);
  });

  it('reports progress up to the end', () => {
    const shares: number[] = [];
    trainLinear(texts, [labelling], { onProgress: (_, share) => shares.push(share) });
    expect(shares.length).toBeGreaterThanOrEqual(6);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(Math.max(...shares)).toBeLessThanOrEqual(1);
  });

  it.each([
    [
      'one label only',
      () => trainLinear(['a', 'b'], [{ name: 'x', labels: ['same', 'same'] }]),
      'misconfigured',
    ],
    ['no examples', () => trainLinear([], [{ name: 'x', labels: [] }]), 'misconfigured'],
    ['labels that do not match the texts', () => trainLinear(['a'], [labelling]), 'rejected'],
    [
      'an unknown label to calibrate on',
      () => trainLinear(texts, [labelling], { calibrateOn: { texts: ['a'], labels: [['new']] } }),
      'rejected',
    ],
  ])('refuses %s', (_, work, code) => expect(work).toThrow(expect.objectContaining({ name: 'Fault', code })));
});

describe('decodeModel', () => {
  const bytes = encodeModel('the source', model);

  it('reads back what was written: it answers the same', () => {
    const { source, linear } = decodeModel(bytes);
    const again = predictor(linear);
    expect(source).toBe('the source');
    fc.assert(
      fc.property(anyText, (text) => {
        expect(again(text)).toEqual(predict(text));
      }),
    );
    expect(encodeModel('the source', linear)).toEqual(bytes);
  });

  it('reads from anywhere within a larger buffer', () => {
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(decodeModel(shifted.subarray(3)).source).toBe('the source');
  });

  it('notices any damage and any cut', () => {
    const malformed = expect.objectContaining({ name: 'Fault', code: 'malformed' });
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = bytes.slice();
        damaged[at] = (damaged[at] as number) ^ flip;
        expect(() => decodeModel(damaged)).toThrow(malformed);
        expect(() => decodeModel(bytes.subarray(0, at))).toThrow(malformed);
      }),
      { numRuns: 50 },
    );
    expect(() => decodeModel(new TextEncoder().encode('{"not": "a model, but long enough"}'))).toThrow(
      malformed,
    );
  });
});

describe('distribution', () => {
  const probabilities = distribution(model);
  const labels = model.classifiers[0]?.labels ?? [];

  it('says how likely each label is, the likeliest being the one predicted', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const all = Array.from(probabilities(text)[0] ?? []);
        expect(all).toHaveLength(labels.length);
        expect(all.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 9);
        expect(labels[all.indexOf(Math.max(...all))]).toBe(first(text).label);
      }),
    );
  });

  it('has an opinion on labels that it would not have given', () => {
    const of = (label: string) =>
      probabilities('invoice or money back for the kettle')[0]?.[labels.indexOf(label)] ?? 0;
    expect(of('refund')).toBeGreaterThan(of('tracking'));
    expect(of('invoice')).toBeGreaterThan(of('tracking'));
  });
});
