import type { Intent } from '@spillway/pack/pack';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { doubted, neighbourVote, secondOpinion } from './second-opinion.js';
import type { Prediction } from './trained.js';

const intent = (label: string, ...texts: string[]): Intent => ({
  label,
  queue: '',
  description: '',
  examples: texts.map((text) => ({ text, mood: 'neutral' })),
});

const intents = [
  intent('delivery', 'where is my parcel', 'the parcel is late', 'parcel not here'),
  intent('refund', 'I want my money back', 'give me a refund of my money'),
  intent('damage', 'the parcel of tools arrived broken'),
];

describe('the neighbours’ vote', () => {
  it.each<[string, string | undefined]>([
    ['is the parcel late', 'delivery'],
    ['my money please', 'refund'],
    ['tools arrived broken', 'damage'],
    ['the parcel of tools arrived', 'damage'],
    ['parcel', 'delivery'],
    ['xyzzy plugh', undefined],
    ['', undefined],
  ])('on "%s" is %s', (text, want) => {
    expect(neighbourVote(intents)(text)).toBe(want);
  });
});

const own = (label: string): Prediction => ({
  label,
  raw: 0.8,
  calibrated: 0.7,
  alternatives: [{ label, probability: 0.7 }],
});

describe('a second opinion', () => {
  it.each<[string, string, string, string, number]>([
    ['that agrees changes nothing', 'delivery', 'is the parcel late', '', 0.7],
    ['that differs takes some of the confidence', 'refund', 'is the parcel late', '', 0.5615],
    ['that knows nothing alike takes as much', 'refund', 'xyzzy', '', 0.5615],
    ['reads the subject too', 'refund', 'please', 'money back', 0.7],
  ])('%s', (_name, label, text, subject, calibrated) => {
    const answer = secondOpinion(intents, () => own(label))(text, subject);
    expect(answer).toEqual({ ...own(label), calibrated: expect.closeTo(calibrated, 3) });
  });
});

it('doubt never raises a probability, and keeps their order', () => {
  const unit = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(unit, unit, (one, other) => {
      const [low, high] = [Math.min(one, other), Math.max(one, other)];
      expect(doubted(low)).toBeLessThanOrEqual(low);
      expect(doubted(low)).toBeLessThanOrEqual(doubted(high) + 1e-12);
      expect(doubted(low)).toBeGreaterThanOrEqual(0);
    }),
  );
});
