import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { valueSpans } from './json-spans.js';

const valuesIn = (json: string): Record<string, string> =>
  Object.fromEntries(
    [...valueSpans(json)].map(([pointer, { start, end }]) => [pointer, json.slice(start, end)]),
  );

describe('valueSpans', () => {
  it.each<[string, string, Record<string, string>]>([
    ['a string without its quotes', '{"label": "refund"}', { '': '{"label": "refund"}', '/label': 'refund' }],
    ['an escaped quote', '{"a":"x\\"y"}', { '': '{"a":"x\\"y"}', '/a': 'x\\"y' }],
    [
      'scalars of all kinds',
      '[1, true,null ]',
      { '': '[1, true,null ]', '/0': '1', '/1': 'true', '/2': 'null' },
    ],
    ['an empty list', '{"fields":[]}', { '': '{"fields":[]}', '/fields': '[]' }],
    ['the later of two keys', '{"a":1,"a":2}', { '': '{"a":1,"a":2}', '/a': '2' }],
    ['a key with a slash', '{"a/b":1}', { '': '{"a/b":1}', '/a~1b': '1' }],
  ])('finds %s', (_, json, want) => {
    expect(valuesIn(json)).toEqual(want);
  });

  it('walks over what is nested deeper than any answer', () => {
    const deep = `{"junk":${'['.repeat(30_000)}${']'.repeat(30_000)},"label":"x"}`;
    expect(valuesIn(deep)['/label']).toBe('x');
  });

  it('agrees with JSON.parse on every value', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), fc.nat(3), (json, indent) => {
        const text = JSON.stringify(JSON.parse(json), null, indent);
        for (const [pointer, { start, end }] of valueSpans(text)) {
          const raw = text.slice(start, end);
          const value = at(JSON.parse(text), pointer);
          expect(JSON.parse(typeof value === 'string' ? `"${raw}"` : raw)).toEqual(value);
        }
      }),
    );
  });
});

function at(value: unknown, pointer: string): unknown {
  const names = pointer.split('/').slice(1);
  return names.reduce<unknown>(
    (inside, name) => (inside as Record<string, unknown>)[name.replaceAll('~1', '/').replaceAll('~0', '~')],
    value,
  );
}
