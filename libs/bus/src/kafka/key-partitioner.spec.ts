import fc from 'fast-check';
import { Partitioners, type PartitionMetadata } from 'kafkajs';
import { expect, it } from 'vitest';
import { partitionOf } from '../partition.js';
import { keyPartitioner } from './key-partitioner.js';

const partitions = (leaders: readonly number[]): PartitionMetadata[] =>
  leaders.map((leader, partitionId) => ({
    partitionId,
    leader,
    partitionErrorCode: 0,
    replicas: [],
    isr: [],
  }));

it('puts a key where kafkajs, and the embedded bus, put it', () => {
  const theirs = Partitioners.DefaultPartitioner();
  const ours = keyPartitioner();
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 64 }), (key, count) => {
      const args = {
        topic: 't',
        partitionMetadata: partitions(new Array<number>(count).fill(1)),
        message: { key: Buffer.from(key), value: null },
      };
      expect(ours(args)).toBe(theirs(args));
      expect(ours(args)).toBe(partitionOf(key, count));
    }),
    // Their big integers take their time.
    { numRuns: 30 },
  );
});

it.each([
  ['spreads what has no key over all partitions', [1, 1, 1], [1, 2, 0, 1]],
  ['leaves out a partition without a leader', [1, -1, 1], [2, 0, 2, 0]],
  ['has a place even when no partition has a leader', [-1, -1], [1, 0, 1, 0]],
])('%s', (_, leaders, expected) => {
  const choose = keyPartitioner();
  const args = { topic: 't', partitionMetadata: partitions(leaders), message: { key: null, value: null } };
  expect(expected.map(() => choose(args))).toEqual(expected);
});
