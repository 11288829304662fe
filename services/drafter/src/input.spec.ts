import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { DraftRequestedSchema } from '@spillway/contracts/events';
import { Mood } from '@spillway/contracts/model';
import { expect, it } from 'vitest';
import { inputOf } from './input.js';

const message = { text: 'Hello', subject: 'Hi', locale: 'de' };
const known = {
  classification: { label: 'refund' },
  extraction: { fields: [{ name: 'amount', value: '12.50 EUR' }] },
  sentiment: { mood: Mood.NEGATIVE },
};

it.each<[string, MessageInitShape<typeof DraftRequestedSchema>, object, readonly string[]]>([
  [
    'the message with what is known about it',
    { ...message, ...known, receivedAt: timestampFromMs(1_234) },
    { ...message, ...known, receivedAtMs: 1_234 },
    ['classification', 'extraction', 'sentiment'],
  ],
  ['nothing where nothing is known', message, { ...message, receivedAtMs: 0 }, []],
])('gives %s', (_, event, want, extra) => {
  const input = inputOf(create(DraftRequestedSchema, event));
  expect(input).toMatchObject(want);
  expect(Object.keys(input)).toEqual(['text', 'subject', 'locale', 'receivedAtMs', ...extra]);
});
