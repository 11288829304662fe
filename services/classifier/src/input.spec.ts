import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { MessageReceivedSchema } from '@spillway/contracts/events';
import { expect, it } from 'vitest';
import { inputOf } from './input.js';

const message = {
  conversationId: 'c1',
  messageId: 'm1',
  text: 'Hello',
  subject: 'Hi',
  locale: 'de',
  customer: 'Ann',
};

it.each([
  ['the message and when it came', { ...message, receivedAt: timestampFromMs(1_234) }, 1_234],
  ['time 0 for a message without one', message, 0],
])('gives %s', (_, event, receivedAtMs) => {
  expect(inputOf(create(MessageReceivedSchema, event))).toEqual({
    text: 'Hello',
    subject: 'Hi',
    locale: 'de',
    receivedAtMs,
  });
});
