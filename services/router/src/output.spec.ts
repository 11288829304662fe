import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { decode } from '@spillway/contracts/event';
import { DecisionMadeSchema } from '@spillway/contracts/events';
import { unknownCase } from '@spillway/policy/case';
import { expect, it } from 'vitest';
import { outgoing } from './output.js';

const occasion = { conversationId: 'c1', messageId: 'm1', atMs: 1_000, policyVersion: '1' };
const decided = { type: 'decided', step: 'polish', tier: 'big', reasons: [] } as const;

it.each([
  ['a wait says until when', { verdict: 'wait', wait: 1, untilMs: 9_000 } as const, timestampFromMs(9_000)],
  ['the last word waits for nothing', { verdict: 'hold' } as const, undefined],
])('%s', (_, judgement, waitUntil) => {
  const { value } = outgoing({ ...decided, ...judgement }, unknownCase, occasion);
  expect(decode(DecisionMadeSchema, value).waitUntil).toEqual(waitUntil);
});
