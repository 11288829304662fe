import { Fault } from '@spillway/contracts/fault';
import { describe, expect, it } from 'vitest';
import { codeOfStatus, problemOfFault, problemSchema, retryAfterSeconds } from './problem.js';

describe('problem details', () => {
  it.each([
    ['malformed', 400],
    ['missing', 404],
    ['conflict', 409],
    ['too_large', 413],
    ['rejected', 422],
    ['throttled', 429],
    ['unavailable', 503],
    ['timed_out', 504],
  ] as const)('%s is %i and says why', (code, status) => {
    const details = problemOfFault(new Fault(code, 'because'), 'f00d');
    expect(details).toMatchObject({ status, code, detail: 'because', trace_id: 'f00d' });
    expect(problemSchema.safeParse(details).success).toBe(true);
  });

  it.each(['unknown', 'misconfigured'] as const)('%s keeps what is inside to the log', (code) => {
    const fault = new Fault(code, 'password of the store', { problems: [{ where: 'x', message: 'secret' }] });
    const details = problemOfFault(fault, '');
    expect(details).toMatchObject({ status: 500, code: 'unknown' });
    expect(JSON.stringify(details)).not.toMatch(/password|secret/);
  });

  it('have no trace id rather than an empty one', () => {
    const details = problemOfFault(new Fault('malformed', 'because'), '');
    expect(details).not.toHaveProperty('trace_id');
    expect(problemSchema.safeParse(details).success).toBe(true);
  });

  it('says of each fault where it is', () => {
    const problems = ['', '/text', '?limit', 'header Idempotency-Key', 'bus'].map((where) => ({
      where,
      message: 'm',
    }));
    expect(problemOfFault(new Fault('malformed', 'no', { problems }), '').errors).toEqual([
      { pointer: '', message: 'm' },
      { pointer: '/text', message: 'm' },
      { parameter: 'limit', message: 'm' },
      { header: 'Idempotency-Key', message: 'm' },
      { where: 'bus', message: 'm' },
    ]);
  });
});

it.each([
  [401, 'unauthenticated'],
  [405, 'method_not_allowed'],
  [415, 'unsupported_media_type'],
  [414, 'malformed'],
  [500, 'unknown'],
  [502, 'unknown'],
])('the framework’s %i is %s', (status, code) => {
  expect(codeOfStatus(status)).toBe(code);
});

it.each([
  ['rounded up', new Fault('unavailable', 'x', { retryAfterMs: 1_200 }), 2],
  ['a second when nobody knows', new Fault('throttled', 'x'), 1],
  ['none where it cannot help', new Fault('rejected', 'x'), undefined],
])('Retry-After: %s', (_, fault, seconds) => {
  expect(retryAfterSeconds(fault)).toBe(seconds);
});
