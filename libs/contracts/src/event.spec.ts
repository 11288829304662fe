import { create, type DescMessage, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode, emit, keyOf, topicOf } from './event.js';
import {
  AlarmRaisedSchema,
  AuditRecordedSchema,
  DeadLetteredSchema,
  MessageReceivedSchema,
  PolishRequestedSchema,
} from './gen/spillway/v1/events_pb.js';
import { Step } from './gen/spillway/v1/model_pb.js';
import { eventSchemas } from './topology.js';

/** Keyed by the name of a step: what is counted of a step comes in order. */
const byTask: ReadonlySet<DescMessage> = new Set([AuditRecordedSchema, AlarmRaisedSchema]);

describe('events', () => {
  it.each(eventSchemas.map((schema) => [schema.name, schema] as const))(
    '%s has a topic of two words and a key',
    (_, schema) => {
      expect(topicOf(schema)).toMatch(/^[a-z]+\.[a-z]+$/);
      const named = { conversationId: 'c1', ...(byTask.has(schema) && { task: 'c1' }) };
      expect(keyOf(schema, Object.assign(create(schema), named))).toBe('c1');
    },
  );

  it('makes the same id for the same message, topic and purpose', () => {
    const event = () =>
      emit(PolishRequestedSchema, { conversationId: 'c1', messageId: 'm1', task: Step.DRAFT }, 'draft');
    expect(event()).toEqual(event());
    expect(event().id).toBe('m1/polish.requested/draft');
  });

  it('refuses an event without a key', () => {
    expect(() => emit(MessageReceivedSchema, { messageId: 'm1' })).toThrow(
      expect.objectContaining({ code: 'malformed' }),
    );
  });

  it('refuses a type without a topic', () => {
    expect(() => topicOf(DeadLetteredSchema)).toThrow(expect.objectContaining({ code: 'misconfigured' }));
  });

  it('reads back whatever it wrote', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.string({ minLength: 1, unit: 'grapheme' }),
        (text, conversationId) => {
          const value = toBinary(
            MessageReceivedSchema,
            create(MessageReceivedSchema, { text, conversationId }),
          );
          expect(decode(MessageReceivedSchema, value)).toMatchObject({ text, conversationId });
        },
      ),
    );
  });

  it('turns bytes that are no event into a fault, never another error', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        try {
          decode(MessageReceivedSchema, bytes);
        } catch (error) {
          expect(error).toMatchObject({ name: 'Fault', code: 'malformed' });
        }
      }),
    );
  });
});
