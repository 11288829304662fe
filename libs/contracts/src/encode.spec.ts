import { create, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encode, sharesBuffer } from './encode.js';
import { type MessageReceived, MessageReceivedSchema } from './gen/spillway/v1/events_pb.js';

/** Bytes in a form that is quick to compare. */
const shown = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const own = (event: MessageReceived) => encode(MessageReceivedSchema, event);
const theirs = (event: MessageReceived) => toBinary(MessageReceivedSchema, event);

const received = (text: string) =>
  create(MessageReceivedSchema, { conversationId: 'c1', messageId: 'm1', text, subject: text.slice(3) });

it('is made for the library that is installed', () => {
  expect(sharesBuffer).toBe(true);
});

it('gives the bytes that the library gives, whatever was encoded before', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 2, maxLength: 4 }), (texts) => {
      const events = texts.map(received);
      expect(events.map(own).map(shown)).toEqual(events.map(theirs).map(shown));
    }),
  );
});

it.each([10, 65_000, 66_000, 1_000_000])('encodes a text of %i characters', (length) => {
  const event = received('é'.repeat(length));
  expect(shown(own(event))).toBe(shown(theirs(event)));
});

it('encodes on after an event that cannot be encoded', () => {
  const broken = { ...received('x'), attachmentCount: -1.5 };
  expect(() => encode(MessageReceivedSchema, broken)).toThrow();
  const event = received('after');
  expect(shown(own(event))).toBe(shown(theirs(event)));
});
