import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fill, placeholdersOf, strayBracesAt } from './template.js';

describe('fill', () => {
  it.each<[string, string, Record<string, string | undefined>, string, string[]]>([
    ['text without gaps stays', 'Hello', {}, 'Hello', []],
    ['a value stands in its place', 'Order {{order}}.', { order: 'A-7' }, 'Order A-7.', []],
    ['blanks inside the braces do not matter', '{{ order }}', { order: 'A-7' }, 'A-7', []],
    ['the words stand in for a value', 'Hi {{name|there}},', {}, 'Hi there,', []],
    ['a value beats the words', 'Hi {{name|there}},', { name: 'Ada' }, 'Hi Ada,', []],
    ['an empty value is none', 'Hi {{name|there}},', { name: '' }, 'Hi there,', []],
    ['no words is a fallback too', 'Hi{{name|}}.', {}, 'Hi.', []],
    ['nothing to write is listed', 'Order {{order}}.', { order: undefined }, 'Order .', ['order']],
    ['each missing name once, in order', '{{b}}{{a}}{{b}}', {}, '', ['b', 'a']],
    ['the same gap twice', '{{a}}-{{a}}', { a: 'x' }, 'x-x', []],
    ['inherited names are no values', '{{constructor}}', {}, '', ['constructor']],
    ['a dollar sign has no meaning', '{{a}}', { a: '$& $1' }, '$& $1', []],
    ['what is filled in is not looked at', '{{a}}{{b}}', { a: '{{b}}', b: '{{a}}' }, '{{b}}{{a}}', []],
    ['halves do not join', '{{a}}b}}', { a: '{{' }, '{{b}}', []],
    ['what is no placeholder stays', '{{Order Number}} {x} }}', {}, '{{Order Number}} {x} }}', []],
  ])('%s', (_, template, values, text, missing) => {
    expect(fill(template, values)).toEqual({ text, missing });
  });

  const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/);
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('{{', '}}', '{{a}}', '{{a|b}}', '|', '$&'),
  );

  it('writes every value as it is, whatever stands in it', () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1 }), fc.infiniteStream(hostile), (names, stream) => {
        const values = Object.fromEntries(names.map((key) => [key, `<${stream.next().value}>`]));
        const template = names.map((key) => `{{${key}}}`).join(' ');
        expect(fill(template, values)).toEqual({
          text: names.map((key) => values[key]).join(' '),
          missing: [],
        });
      }),
    );
  });

  it('leaves a text without double braces as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(!text.includes('{{'));
        expect(fill(text, {})).toEqual({ text, missing: [] });
      }),
    );
  });
});

it('lists the gaps', () => {
  expect(placeholdersOf('Hi {{name|there}}, {{order}}')).toEqual([
    { name: 'name', fallback: 'there', start: 3, end: 17 },
    { name: 'order', start: 19, end: 28 },
  ]);
});

it.each([
  ['Hi {{name}}, {x}', undefined],
  ['{{a}} {{Order Number}}', 6],
  ['{{a}}}}', 5],
  ['{{a|b{c}}', 0],
  ['x {{a}} x {{a}} x }}', 18],
])('finds braces that are no placeholder in %s', (template, at) => {
  expect(strayBracesAt(template)).toBe(at);
});

it('finds stray braces exactly where a template is more than text and gaps', () => {
  const part = fc.constantFrom('{{a}}', '{{b|c}}', '9', ' {', '{{', '}}', '|');
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const template = parts.join('');
      const at = strayBracesAt(template);
      expect(at !== undefined).toBe(/\{\{|\}\}/.test(template.replaceAll(/\{\{[ab](\|[^{}]*)?\}\}/g, '_')));
      if (at !== undefined) expect(template.slice(at, at + 2)).toMatch(/\{\{|\}\}/);
    }),
  );
});
