import type { Fault } from '@spillway/contracts/fault';
import { checkBody } from '@spillway/http/check';
import type { ReviewView } from '@spillway/store/ledger';
import { expect, it } from 'vitest';
import { decisionSchema, rulingOn } from './review-request.js';

const held: ReviewView = {
  id: 'r1',
  messageId: 'm1',
  conversationId: 'c1',
  step: 'draft',
  reasons: [],
  suggestion: 'We are sorry.',
  requestedAtMs: 0,
  decided: null,
};

it.each([
  ['approving sends the held reply', held, { decision: 'approve' }, 'We are sorry.'],
  ['editing sends the person’s text', held, { decision: 'edit', text: 'Sorry!' }, 'Sorry!'],
  [
    'also where nothing was held',
    { ...held, suggestion: null },
    { decision: 'edit', text: 'Sorry!' },
    'Sorry!',
  ],
  ['rejecting sends nothing', held, { decision: 'reject' }, ''],
])('%s', (_, review, body, text) => {
  expect(rulingOn(review, checkBody(decisionSchema, body))).toEqual({ decision: body.decision, text });
});

it.each([null, '', ' \n'])('cannot approve %j: there is nothing to send', (suggestion) => {
  expect(() => rulingOn({ ...held, suggestion }, { decision: 'approve' })).toThrow(
    expect.objectContaining({ code: 'rejected' }),
  );
});

it.each<[string, unknown, string[]]>([
  ['no decision', {}, ['/decision is required']],
  ['another decision', { decision: 'maybe' }, ['/decision must be one of "approve", "edit", "reject"']],
  ['an edit without text', { decision: 'edit' }, ['/text is required to edit']],
  ['an edit with blank text', { decision: 'edit', text: ' ' }, ['/text must not be blank']],
  [
    'text that would not be sent',
    { decision: 'approve', text: 'x' },
    ['/text is taken with the decision "edit" only'],
  ],
  [
    'a long text',
    { decision: 'edit', text: 'x'.repeat(100_001) },
    ['/text must be at most 100000 characters long'],
  ],
  [
    'everything at once',
    { decision: 1, text: 2, by: 'me' },
    [
      '/decision must be one of "approve", "edit", "reject"',
      '/text must be a string',
      '/by there is no such field',
    ],
  ],
])('refuses %s', (_, body, faults) => {
  try {
    checkBody(decisionSchema, body);
    expect.unreachable();
  } catch (error) {
    expect((error as Fault).problems.map(({ where, message }) => `${where} ${message}`)).toEqual(faults);
  }
});
