import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LoggedCall, TokenCounts } from './logged-call.js';
import { promptGroups } from './prompt-groups.js';
import { stepFinder } from './steps.js';

const tokens: TokenCounts = {
  input: 1,
  cachedInput: 0,
  cacheWrite: 0,
  cacheWriteLong: 0,
  output: 1,
  reasoning: 0,
  audio: 0,
};
const call = (fields: Partial<LoggedCall>): LoggedCall => ({
  format: 'openai-chat',
  model: 'm',
  tokens,
  ...fields,
});

const SORT = 'You sort messages of customers into queues. Answer with the name of one queue.';
const DRAFT = 'You write replies to customers of a shop. Be brief and polite.';

describe('the group of a prompt', () => {
  it.each([
    ['a date', `${SORT} Today is 2026-11-01.`, `${SORT} Today is 2026-12-24.`],
    ['an address and a number', `${SORT} Order 17 of a@b.org.`, `${SORT} Order 230 of c@d.org.`],
    ['an identifier', `${SORT} Trace a81bc81b-dead-4e5d-abff-90865d1e13b1.`, `${SORT} Trace x9f8e7d6c5.`],
    ['what is quoted', `${SORT} The subject is "Late parcel".`, `${SORT} The subject is "Refund".`],
    ['a name in a sentence of its own', `${SORT} The customer is Ann Lee.`, `${SORT} The customer is Bo.`],
    ['capitals and spaces', SORT, SORT.toUpperCase().replaceAll(' ', '  ')],
  ])('is the same whatever stands in it: %s', (_, left, right) => {
    const groupOf = promptGroups();
    expect(groupOf(left)).toBeDefined();
    expect(groupOf(right)).toBe(groupOf(left));
    // Another reading of the same prompts makes the same groups.
    expect(promptGroups()(left)).toBe(groupOf(left));
  });

  it('is the same for the same prompt with other digits, whatever they are parts of', () => {
    const parts = fc.constantFrom('a', 'deadbeef', '-', '0', '17', ' ', '. ', '@b.org', ':', '"', '\n');
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 30 }), fc.integer({ min: 1, max: 9 }), (words, digit) => {
        const groupOf = promptGroups();
        const prompt = `${SORT} ${words.join('')}`;
        const other = prompt.replace(/\d/g, (own) => String((Number(own) + digit) % 10));
        // A reader that has never seen the other one must come to the same.
        expect(promptGroups()(other)).toBe(promptGroups()(prompt));
        expect(groupOf(other)).toBe(groupOf(prompt));
      }),
    );
  });

  it('stays the one that a prompt was put into first', () => {
    const groupOf = promptGroups();
    const between = `${SORT} Take one word alone, and be quick about it. `;
    const first = groupOf(`${SORT} `);
    expect(groupOf(between)).toBe(first);
    // Nearer to it than the first, which was not known then.
    const nearer = groupOf(`${between}Never name a colleague, and always say thank you.`);
    expect(nearer).not.toBe(first);
    expect(groupOf(between)).toBe(first);
  });

  it('is another one for other instructions', () => {
    const groupOf = promptGroups();
    expect(groupOf(SORT)).not.toBe(groupOf(DRAFT));
  });

  it('is none for a prompt without words, and for one after too many others', () => {
    const groupOf = promptGroups();
    expect(groupOf('1234 !!')).toBeUndefined();
    const words = (number: number) =>
      [...String(number)].map((digit) => 'abcdefghij'[Number(digit)]).join('');
    for (let number = 0; number < 500; number += 1) expect(groupOf(`${words(number)} x`)).toBeDefined();
    expect(groupOf('one more')).toBeUndefined();
    expect(groupOf('a x')).toBeDefined();
  });
});

describe('the step of a call', () => {
  it.each([
    ['its name before all else', { name: 'sort', systemPrompt: DRAFT, schema: 's' }, 'name', /^sort$/],
    ['alike prompts', { systemPrompt: SORT }, 'prompt', /^prompt [0-9a-f]{8}$/],
    [
      'alike prompts with a schema',
      { systemPrompt: SORT, schema: 'q' },
      'prompt',
      /^prompt [0-9a-f]{8} → q$/,
    ],
    ['a schema', { schema: 'queue' }, 'schema', /^queue$/],
    ['nothing', {}, 'nothing', /^\(ungrouped\)$/],
    [
      'a name that a terminal can show',
      { name: `a\u001b[31m\n${'b'.repeat(90)}` },
      'name',
      /^a \[31m b{52}…$/,
    ],
  ] as const)('is found by %s', (_, fields, by, label) => {
    const step = stepFinder()(call(fields));
    expect(step.by).toBe(by);
    expect(step.label).toMatch(label);
  });

  it('is the same object for the same step', () => {
    const stepOf = stepFinder();
    expect(stepOf(call({ name: 'sort' }))).toBe(stepOf(call({ name: 'sort', model: 'n' })));
    expect(stepOf(call({ name: 'queue' }))).not.toBe(stepOf(call({ schema: 'queue' })));
  });
});
