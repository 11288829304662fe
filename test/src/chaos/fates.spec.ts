import { expect, it } from 'vitest';
import { type Fates, fatesOf, ledgerFaults } from '../../chaos/fates.js';
import type { Trace } from '../../chaos/topics.js';

const accepted = ['m1', 'm2', 'm3'].map((id, index) => ({
  id,
  conversation: 'c',
  nth: index + 1,
  poison: false,
}));
let offset = 0;
const trace = (kind: Trace['kind'], messageId: string, over: Partial<Trace> = {}): Trace => ({
  kind,
  messageId,
  partition: 0,
  offset: offset++,
  eventId: `${messageId}/${kind}`,
  conversation: 'c',
  digest: `${kind} ${messageId}`,
  ...over,
});
const received = accepted.map(({ id }) => trace('received', id));
const settled = (...ids: readonly string[]) => ids.map((id) => trace('settled', id));

it.each<readonly [string, readonly Trace[], Partial<Fates>]>([
  ['all is well', settled('m1', 'm2', 'm3'), { settled: 3, lost: [], settledTwice: [], outOfOrder: [] }],
  ['one has no end', settled('m1', 'm3'), { settled: 2, lost: ['m2'] }],
  [
    'one is with a person',
    [...settled('m1', 'm3'), trace('held', 'm2')],
    { withPerson: 1, lost: [], outOfOrder: [] },
  ],
  ['one has failed', [...settled('m1', 'm3'), trace('dead', 'm2')], { failed: 1, lost: [] }],
  [
    'the same end lies on the log twice',
    settled('m1', 'm2', 'm3', 'm1'),
    { settledTwice: [], repeatedEnds: 1, outOfOrder: [] },
  ],
  [
    'one has two ends',
    [...settled('m1', 'm2', 'm3'), trace('settled', 'm2', { digest: 'another reply' })],
    { settledTwice: ['m2'] },
  ],
  ['one is overtaken', settled('m1', 'm3', 'm2'), { outOfOrder: ['c'] }],
])('%s', (_, traces, want) => {
  expect(fatesOf(accepted, [...received, ...traces], [])).toMatchObject(want);
});

it('misses the dead letter of each group that read what nobody can read', () => {
  const foreign = [{ id: 'foreign-0', topic: 'step.completed' }];
  const dead = trace('dead', '', { group: 'router', originId: 'foreign-0' });
  expect(fatesOf([], [dead], foreign).unparked).toEqual(['foreign-0 of ledger']);
});

it('finds what the ledger shows otherwise than the log', () => {
  const traces = [...settled('m1', 'm2', 'm3'), trace('held', 'm3')];
  const entries = [
    { id: 'm1', status: 'settled' },
    { id: 'm1', status: 'settled' },
    { id: 'm2', status: 'in_progress' },
    { id: 'm3', status: 'settled' },
  ];
  expect(ledgerFaults(accepted, traces, entries)).toEqual([
    'm1 is shown 2 times',
    'm2 is settled and shown as in_progress',
  ]);
});
