import type { FieldDefinition } from '@spillway/pack/pack';
import { describe, expect, it } from 'vitest';
import { compilePatterns, findPatterns } from './patterns.js';

const field = (
  patterns: string[],
  normalise: FieldDefinition['normalise'] = 'none',
  name = 'order_number',
): FieldDefinition => ({ name, kind: 'pattern', description: '', patterns, normalise });

const found = (text: string, definition: FieldDefinition): string[] =>
  findPatterns(text, compilePatterns([definition])).map(
    ({ start, end, value, situation }) => `${text.slice(start, end)} → ${value} ${situation}`,
  );

describe('patterns of the pack', () => {
  it.each<[string, FieldDefinition, string[]]>([
    ['about ff-204518', field(['\\bFF-\\d{6}\\b'], 'upper'), ['ff-204518 → FF-204518 shape']],
    ['Order no 204518.', field(['order no (\\d{6})']), ['204518 → 204518 in-context']],
    ['nr 20 45 18', field(['nr ((?:\\d ?)+)'], 'digits'), ['20 45 18 → 204518 in-context']],
    ['a1 a2 a1', field(['a\\d']), ['a1 → a1 shape', 'a2 → a2 shape', 'a1 → a1 shape']],
    ['x', field(['(y)?x']), ['x → x shape']],
    ['😀 FF-204518', field(['FF-\\d{6}']), ['FF-204518 → FF-204518 shape']],
    ['abc', field(['z*']), []],
    ['abc', field(['(-)'], 'digits'), []],
    ['nothing here', field(['FF-\\d{6}']), []],
  ])('%s', (text, definition, want) => {
    expect(found(text, definition)).toEqual(want);
  });

  it('names every field whose pattern does not compile', () => {
    const compile = () =>
      compilePatterns([field(['(a'], 'none', 'first'), field(['a(?=b)', 'ok'], 'none', 'second')]);
    expect(compile).toThrow(
      expect.objectContaining({
        code: 'misconfigured',
        problems: [
          expect.objectContaining({ where: 'field first' }),
          expect.objectContaining({ where: 'field second' }),
        ],
      }),
    );
  });

  it('keeps a bounded number of matches', () => {
    expect(found('a1 '.repeat(1_000), field(['a\\d'])).length).toBe(32);
  });
});
