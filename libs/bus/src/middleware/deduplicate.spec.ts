import type { Outgoing } from '@spillway/contracts/event';
import { describe, expect, it } from 'vitest';
import { event, gate } from '../testing/harness.js';
import { record } from '../testing/record.js';
import { type DeduplicateOptions, deduplicate } from './deduplicate.js';

const { signal } = new AbortController();

function counting(
  options: Partial<DeduplicateOptions> = {},
  outputs: readonly Outgoing[] = [event('t', 'k', 'x')],
) {
  const runs: string[] = [];
  const handle = deduplicate(options)(async ({ id }) => {
    runs.push(id);
    return [...outputs];
  });
  return { runs, handle: (id: string, offset = 0) => handle(record({ id, offset }), signal) };
}

describe('deduplicate', () => {
  it('gives a duplicate the same outputs without another run', async () => {
    const { runs, handle } = counting();
    const first = await handle('a', 1);
    expect(await handle('a', 2)).toBe(first);
    expect(await handle('b')).not.toBe(first);
    expect(runs).toEqual(['a', 'b']);
  });

  it('lets duplicates that run at once share one outcome', async () => {
    const finish = gate();
    let runs = 0;
    const handle = deduplicate()(async () => {
      runs += 1;
      await finish.opened;
      return [];
    });
    const both = [handle(record(), signal), handle(record({ offset: 8 }), signal)];
    finish.open();
    const [one, other] = await Promise.all(both);
    expect(one).toBe(other);
    expect(runs).toBe(1);
  });

  it('does not remember a failure', async () => {
    let runs = 0;
    const handle = deduplicate()(async () => {
      runs += 1;
      if (runs === 1) throw new Error('x');
      return [];
    });
    await expect(handle(record(), signal)).rejects.toThrow('x');
    expect(await handle(record(), signal)).toEqual([]);
  });

  it.each<[string, Partial<DeduplicateOptions>, readonly string[]]>([
    ['as many records as it may', { records: 2 }, ['a', 'b', 'c', 'a']],
    ['as many bytes as it may', { bytes: 1_500 }, ['a', 'b', 'c', 'a']],
    ['everything that fits', {}, ['a', 'b', 'c']],
  ])('remembers %s', async (_, options, wanted) => {
    const { runs, handle } = counting(options);
    for (const id of ['a', 'b', 'c', 'a']) await handle(id);
    expect(runs).toEqual(wanted);
  });

  it('does not remember outputs that are larger than all it may hold', async () => {
    const { runs, handle } = counting({ bytes: 1_000 }, [event('t', 'k', 'x'.repeat(2_000))]);
    await handle('a');
    await handle('a');
    expect(runs).toEqual(['a', 'a']);
  });
});
