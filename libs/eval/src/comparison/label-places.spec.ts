import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labelPlaces, type NamedDot } from './label-places.js';

const frame = { left: 0, right: 400, top: 0, bottom: 300 };
const dot = (name: string, x: number, y: number): NamedDot => ({ name, x, y });
const places = (...dots: readonly NamedDot[]) =>
  labelPlaces(dots, frame).map(({ name, x, y }) => [name, x, y]);

describe('names beside dots', () => {
  it.each<[string, readonly NamedDot[], readonly (readonly [string, number, number])[]]>([
    ['stand to the right and above', [dot('floor', 100, 100)], [['floor', 108, 92]]],
    [
      'stand below where another one is above',
      [dot('a', 100, 100), dot('b', 101, 106)],
      [
        ['a', 108, 92],
        ['b', 109, 114],
      ],
    ],
    ['stand to the left at the right edge', [dot('ceiling', 390, 100)], [['ceiling', 333, 92]]],
    ['stand below at the upper edge', [dot('oracle', 100, 2)], [['oracle', 108, 10]]],
    [
      'are one for dots that lie on each other',
      [dot('cascade', 100, 100), dot('random', 102, 101)],
      [['cascade, random', 108, 92]],
    ],
    [
      'do not lie on the dot of another',
      [dot('a', 100, 100), dot('b', 112, 92)],
      [
        ['a', 108, 108],
        ['b', 120, 84],
      ],
    ],
    [
      'stand somewhere where no room is',
      [dot('a name that is far longer than the whole frame is wide, by any measure', 9, 9)],
      [['a name that is far longer than the whole frame is wide, by any measure', 17, 1]],
    ],
    ['without dots are none', [], []],
  ])('%s', (_, dots, wanted) => expect(places(...dots)).toEqual(wanted));

  it('of ten dots that lie flat together cover no other name', () => {
    const names = fc.stringMatching(/^[a-z]{4,9}$/);
    const flat = fc.record({
      name: names,
      x: fc.integer({ min: 20, max: 380 }),
      y: fc.integer({ min: 140, max: 160 }),
    });
    fc.assert(
      fc.property(fc.array(flat, { maxLength: 10 }), (dots) => {
        const placed = labelPlaces(dots, { ...frame, top: 20, bottom: 280 });
        const lying = placed.filter((one, at) =>
          placed.some(
            (other, with_) =>
              with_ > at &&
              Math.abs(one.y - other.y) < 14 &&
              one.x < other.x + 7 * other.name.length &&
              other.x < one.x + 7 * one.name.length,
          ),
        );
        expect(lying).toEqual([]);
      }),
    );
  });
});
