import { describe, expect, it } from 'vitest';
import { readFeatures } from './features.js';
import { readSignals, SIGNALS } from './sentiment.js';

type Signal = (typeof SIGNALS)[number];

function signalsOf(text: string): Readonly<Record<Signal, number>> {
  const values = new Float32Array(SIGNALS.length);
  readSignals(text, readFeatures(text), values, 0);
  return Object.fromEntries(SIGNALS.map((name, at) => [name, values[at]])) as Record<Signal, number>;
}

describe('readSignals', () => {
  it.each<[string, readonly Signal[]]>([
    ['This is a disgrace', ['strongly negative words']],
    ['I am disappointed', ['negative words']],
    ['a helpful answer', ['positive words']],
    ['absolutely wonderful', ['strongly positive words']],
    ['not good', ['negated positive words']],
    ["wasn't bad", ['negated negative words']],
    ['Das ist eine Frechheit', ['strongly negative words']],
    ['Je suis très déçue', ['negative words']],
    ['ottimo prodotto', ['strongly positive words']],
    ['muchas gracias', ['positive words']],
    ['WHERE IS MY ORDER', ['capitals']],
    ['at last!', ['exclamation marks']],
    ['is it there?', ['question marks']],
    ['it came today 😍', ['positive signs']],
    ['it came today :(', ['negative signs']],
    ['see https://example.com', []],
    ['the parcel goes to FF-204518', []],
    ['', []],
  ])('%s', (text, wanted) => {
    const found = signalsOf(text);
    const sums: readonly Signal[] = ['sum of the words', 'clearly one way'];
    expect(SIGNALS.filter((name) => found[name] !== 0 && !sums.includes(name))).toEqual(wanted);
  });

  it.each([
    ['an excellent and lovely shop', 1],
    ['awful, useless and rude', -1],
    ['not good', -1],
    ['a disappointed customer', -1],
    ['a helpful answer', 1],
    ['where is my parcel', 0],
  ])('%s leans %d', (text, wanted) => expect(Math.sign(signalsOf(text)['sum of the words'])).toBe(wanted));

  it('forgets a negation after a few words', () => {
    expect(signalsOf('not to be found anywhere in this lovely shop')['negated positive words']).toBe(0);
  });

  it('stays bounded however often a word comes', () => {
    for (const value of Object.values(signalsOf('AWFUL! '.repeat(5_000)))) {
      expect(Math.abs(value)).toBeLessThan(10);
    }
  });
});
