import { describe, expect, it } from 'vitest';
import type { Change } from './keyed-state.js';
import { keyspace, SHARDS } from './redis-keyed-state/keyspace.js';
import { sharedSlotTag, slotTag } from './slot-tag.js';

const removal = (key: string): Change => ({ kind: 'delete', key });

describe('slot tag', () => {
  it.each([
    ['case:{c1}:m1', 'c1'],
    ['{c1}', 'c1'],
    ['a{b}{c}', 'b'],
    ['a{b{c}d}', 'b{c'],
    ['no braces', 'no braces'],
    ['empty {} braces {c}', 'empty {} braces {c}'],
    ['not closed {c', 'not closed {c'],
    ['}c{', '}c{'],
    ['', ''],
  ])('of %s is %s, as Redis has it', (key, tag) => {
    expect(slotTag(key)).toBe(tag);
  });

  it('is shared by what is written at once', () => {
    expect(sharedSlotTag([removal('a:{k}'), removal('b:{k}:c')])).toBe('k');
    expect(() => sharedSlotTag([removal('a:{k}'), removal('b:{k}'), removal('{l}')])).toThrow(
      expect.objectContaining({ code: 'rejected' }),
    );
  });
});

describe('keyspace', () => {
  it('has the names of one tag in one slot, and the names of all kinds apart', () => {
    const keys = keyspace('spillway');
    const shard = keys.of('case:{c1}:m1');
    const names = [shard.numbers, shard.alarms, shard.payloads, shard.entry('{c1}'), shard.claim('{c1}')];
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(names.map(slotTag)).size).toBe(1);
    expect([keys.ofTag('c1'), keys.of('call:{c1}')]).toEqual([shard, shard]);
  });

  it('finds data by names that never change', () => {
    expect(keyspace('spillway').of('case:{c1}:m1').entry('case:{c1}:m1')).toBe(
      '{spillway:25}entry:case:{c1}:m1',
    );
  });

  it('spreads ids evenly over its shards', () => {
    const counts = new Array<number>(SHARDS).fill(0);
    const { shards, of } = keyspace('spillway');
    for (let n = 0; n < 100 * SHARDS; n++) {
      const index = shards.indexOf(
        of(`message:{0193a2b4-7c00-7000-8000-${n.toString(16).padStart(12, '0')}}`),
      );
      counts[index] = (counts[index] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(50);
    expect(Math.max(...counts)).toBeLessThan(150);
  });
});
