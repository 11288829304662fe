import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { PolishPurpose, PolishRequestedSchema } from '@spillway/contracts/events';
import { Mood, Step } from '@spillway/contracts/model';
import { describe, expect, it } from 'vitest';
import { requestOf } from './request.js';

const ids = { conversationId: 'c1', messageId: 'm1' };
const message = { text: 'Hello', subject: 'Hi', locale: 'de' };
const known = {
  classification: { label: 'refund' },
  extraction: { fields: [{ name: 'amount', value: '12.50 EUR' }] },
  sentiment: { mood: Mood.NEGATIVE },
  draft: { text: 'We refund it.', macroId: 'refund-en' },
  draftConfidence: 0.6,
};
type Init = MessageInitShape<typeof PolishRequestedSchema>;

describe('requestOf', () => {
  it.each<[string, Init, object]>([
    [
      'the final polish',
      { purpose: PolishPurpose.FINAL, task: Step.POLISH },
      { step: 'polish', purpose: 'final' },
    ],
    [
      'the final polish, whatever the task',
      { purpose: PolishPurpose.FINAL },
      { step: 'polish', purpose: 'final' },
    ],
    [
      'classify again',
      { purpose: PolishPurpose.ESCALATION, task: Step.CLASSIFY },
      { step: 'classify', purpose: 'escalation' },
    ],
    [
      'extract again',
      { purpose: PolishPurpose.ESCALATION, task: Step.EXTRACT },
      { step: 'extract', purpose: 'escalation' },
    ],
    [
      'the mood again',
      { purpose: PolishPurpose.ESCALATION, task: Step.SENTIMENT },
      { step: 'sentiment', purpose: 'escalation' },
    ],
    [
      'the audit of a label',
      { purpose: PolishPurpose.AUDIT, task: Step.CLASSIFY },
      { step: 'classify', purpose: 'audit' },
    ],
    [
      'the draft again',
      { purpose: PolishPurpose.ESCALATION, task: Step.DRAFT },
      { step: 'draft', purpose: 'escalation' },
    ],
  ])('asks for %s', (_, event, want) => {
    expect(requestOf(create(PolishRequestedSchema, { ...ids, ...message, ...event }))).toMatchObject({
      ...ids,
      ...want,
      tier: 'big',
    });
  });

  it.each<[string, Init]>([
    ['no purpose', { task: Step.DRAFT }],
    ['an audit of no task', { purpose: PolishPurpose.AUDIT }],
    ['an escalation of no task', { purpose: PolishPurpose.ESCALATION }],
  ])('finds %s malformed', (_, event) => {
    expect(() => requestOf(create(PolishRequestedSchema, { ...ids, ...event }))).toThrow(
      expect.objectContaining({ code: 'malformed' }),
    );
  });

  it('passes on what is known', () => {
    const event = {
      ...ids,
      ...message,
      ...known,
      purpose: PolishPurpose.FINAL,
      receivedAt: timestampFromMs(1_234),
    };
    expect(requestOf(create(PolishRequestedSchema, event)).input).toMatchObject({
      ...message,
      ...known,
      receivedAtMs: 1_234,
    });
  });

  it('leaves out what is not', () => {
    const event = { ...ids, ...message, purpose: PolishPurpose.FINAL };
    expect(requestOf(create(PolishRequestedSchema, event)).input).toEqual({ ...message, receivedAtMs: 0 });
  });
});
