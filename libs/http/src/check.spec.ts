import type { Problem } from '@spillway/contracts/fault';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { check, checkBody, checkQuery, inOrder, refuse } from './check.js';

const schema = z.strictObject({
  text: z.string().min(1).max(5),
  mood: z.enum(['good', 'bad']).optional(),
  count: z.int().min(0).max(9).optional(),
  labels: z.record(z.string(), z.string()).optional(),
});

function faultsOf(body: unknown): unknown {
  try {
    checkBody(schema, body);
    return [];
  } catch (error) {
    return (error as { problems: unknown }).problems;
  }
}

describe('a body', () => {
  it.each<[string, unknown, unknown]>([
    ['nothing wrong', { text: 'hello', labels: { a: 'b' } }, []],
    ['no object', 'text', [{ where: '', message: 'must be an object' }]],
    ['no body', undefined, [{ where: '', message: 'is required' }]],
    ['a field left out', {}, [{ where: '/text', message: 'is required' }]],
    ['an empty field', { text: '' }, [{ where: '/text', message: 'must not be empty' }]],
    [
      'a long field',
      { text: 'farewell' },
      [{ where: '/text', message: 'must be at most 5 characters long' }],
    ],
    ['a fraction', { text: 'a', count: 1.5 }, [{ where: '/count', message: 'must be a whole number' }]],
    ['a number too big', { text: 'a', count: 10 }, [{ where: '/count', message: 'must be at most 9' }]],
    ['another word', { text: 'a', mood: 'x' }, [{ where: '/mood', message: 'must be one of "good", "bad"' }]],
    [
      'deep inside',
      { text: 'a', labels: { 'x/y~': 1 } },
      [{ where: '/labels/x~1y~0', message: 'must be a string' }],
    ],
    [
      'unknown fields',
      { text: 'a', q: 1, __r: 2 },
      [
        { where: '/q', message: 'there is no such field' },
        { where: '/__r', message: 'there is no such field' },
      ],
    ],
    [
      'everything at once',
      { text: 1, mood: 2, q: 3 },
      [
        { where: '/text', message: 'must be a string' },
        { where: '/mood', message: 'must be one of "good", "bad"' },
        { where: '/q', message: 'there is no such field' },
      ],
    ],
  ])('with %s', (_, body, faults) => {
    expect(faultsOf(body)).toEqual(faults);
  });
});

it('takes an empty parameter for one that was left out', () => {
  const query = z.strictObject({ status: z.string().optional(), limit: z.coerce.number().default(50) });
  expect(checkQuery(query, { status: '', limit: '' })).toEqual({ limit: 50 });
  expect(() => checkQuery(query, { state: 'x' })).toThrow(
    expect.objectContaining({
      code: 'malformed',
      problems: [{ where: '?state', message: 'there is no such parameter' }],
    }),
  );
});

const span = z
  .strictObject({ from: z.coerce.number().optional(), to: z.coerce.number().optional() })
  .check(inOrder(['from', 'must not be after `to`'], ['to', 'must not be before `from`']));

it.each([
  ['none', {}, []],
  ['one alone', { from: '2' }, []],
  ['both in order', { from: '1', to: '2' }, []],
  ['both alike', { from: '2', to: '2' }, []],
  [
    'both the other way round',
    { from: '3', to: '2' },
    [
      { where: '?from', message: 'must not be after `to`' },
      { where: '?to', message: 'must not be before `from`' },
    ],
  ],
])('of two ends of a span, %s: %j', (_, query, problems) => {
  const found: Problem[] = [];
  check(span, query, 'query', found);
  expect(found).toEqual(problems);
});

it('collects the faults of all parts before it refuses', () => {
  const problems: { where: string; message: string }[] = [];
  check(schema, {}, 'body', problems);
  check(z.object({ 'Idempotency-Key': z.string() }), {}, 'header', problems);
  expect(problems.map(({ where }) => where)).toEqual(['/text', 'header Idempotency-Key']);
  expect(() => refuse(problems)).toThrow('2 faults');
  expect(() => refuse([])).not.toThrow();
});
