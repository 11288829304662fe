import { smallPack } from '@spillway/models/testing/small-pack';
import { expect, it } from 'vitest';
import { replyFrame } from './reply-frame.js';

const frame = replyFrame(smallPack());

it.each([
  ['greeting and closing', 'Hi Ada,\n\nIt left.\n\nThe Acme team', 'It left.', 'Ada'],
  ['a greeting without a name', 'Hi there,\nIt left.\nThe Acme team', 'It left.', undefined],
  [
    'other words around it',
    'Dear Ada,\n\nIt left.\n\nYours, Acme',
    'Dear Ada,\n\nIt left.\n\nYours, Acme',
    undefined,
  ],
  ['a closing alone', 'It left.\n\nThe  Acme\nteam ', 'It left.', undefined],
  ['nothing between them', 'Hi Ada,\nThe Acme team', 'Hi Ada,\nThe Acme team', 'Ada'],
])('%s', (_, reply, body, name) => {
  expect([frame.bodyOf(reply), frame.greeted(reply)]).toEqual([body, name]);
});
