import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { DeadLetteredSchema, MessageReceivedSchema, StepCompletedSchema } from '@spillway/contracts/events';
import { ConfidenceSource, Mood, Step, Tier } from '@spillway/contracts/model';
import { expect, it } from 'vitest';
import { eventJson } from './event-json.js';

it('writes a step as the API writes it', () => {
  const event = create(StepCompletedSchema, {
    conversationId: 'c1',
    messageId: 'm1',
    step: Step.SENTIMENT,
    tier: Tier.SMALL,
    result: {
      case: 'sentiment',
      value: { mood: Mood.NEGATIVE, alternatives: [{ label: 'neutral', probability: 0.2 }] },
    },
    confidence: { calibrated: 0.8, source: ConfidenceSource.EMBEDDED },
    call: { callId: 'x', usage: { inputTokens: 12n }, costNanos: 2n ** 60n },
    completedAt: timestampFromMs(1_700_000_000_123),
  });
  const json = eventJson(StepCompletedSchema, event);
  expect(json).toMatchObject({
    conversation_id: 'c1',
    step: 'sentiment',
    tier: 'small',
    sentiment: { mood: 'negative', alternatives: [{ label: 'neutral', probability: 0.2 }] },
    confidence: { calibrated: 0.8, raw: null, source: 'embedded', is_calibrated: false, features: {} },
    call: { tier: null, usage: { input_tokens: 12, estimated: false }, started_at: null },
    completed_at: '2023-11-14T22:13:20.123Z',
  });
  expect(json).not.toHaveProperty('classification');
  expect(JSON.stringify(json)).toContain('"cost_nanos":1152921504606846976');
});

it('tells unknown from zero', () => {
  const unknown = eventJson(MessageReceivedSchema, create(MessageReceivedSchema, { messageId: 'm1' }));
  expect(unknown).toMatchObject({
    customer_facing: null,
    received_at: null,
    metadata: {},
    attachment_count: 0,
  });
  const known = create(MessageReceivedSchema, { customerFacing: false, metadata: { a: 'b' } });
  expect(eventJson(MessageReceivedSchema, known)).toMatchObject({
    customer_facing: false,
    metadata: { a: 'b' },
  });
});

it('writes bytes in base64 and survives a moment that no calendar has', () => {
  const event = create(DeadLetteredSchema, {
    payload: new Uint8Array([1, 2, 255]),
    originOffset: 9n,
    failedAt: { seconds: 2n ** 62n, nanos: 0 },
  });
  expect(eventJson(DeadLetteredSchema, event)).toMatchObject({
    payload: 'AQL/',
    origin_offset: 9,
    failed_at: null,
  });
});
