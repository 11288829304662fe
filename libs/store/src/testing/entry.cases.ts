import { expect, it } from 'vitest';
import type { KeyedState } from '../keyed-state.js';
import { bytes, type Cannot, type Stage, textOf } from './stage.js';

const read = async (state: KeyedState, key: string) => textOf((await state.get(key))?.value);
const conflict = expect.objectContaining({ name: 'Fault', code: 'conflict' });

export function entryCases(stage: () => Stage, cannot: Cannot): void {
  valueCases(stage, cannot);
  conditionCases(stage, cannot);
  expiryCases(stage);
}

function valueCases(stage: () => Stage, cannot: Cannot): void {
  it('has nothing under a key that was never put', async () => {
    const { open, key } = stage();
    expect(await (await open()).get(key('a'))).toBeUndefined();
  });

  it.each<[string, Uint8Array]>([
    ['an empty value', new Uint8Array()],
    ['bytes that are no text', Uint8Array.of(0, 255, 128, 0)],
    ['a value of 600 kB', new Uint8Array(600_000).fill(7)],
  ])('gives back %s', async (_, value) => {
    const { open, key } = stage();
    const state = await open();
    await state.write([{ kind: 'put', key: key('a'), value }]);
    expect(Uint8Array.from((await state.get(key('a')))?.value ?? [1])).toEqual(value);
  });

  it.each(['ключ-鍵-🗝️-ä', 'with "quotes" and spaces', 'k'.repeat(2_000)])(
    'takes the key %s',
    async (name) => {
      const { open, key } = stage();
      const state = await open();
      await state.write([{ kind: 'put', key: key(name), value: bytes('x') }]);
      expect(await read(state, key(name))).toBe('x');
      expect(await state.get(key(`${name}.`))).toBeUndefined();
    },
  );

  it('makes all changes of one write', async () => {
    const { open, key, now } = stage();
    const state = await open();
    await state.write([{ kind: 'put', key: key('old'), value: bytes('x') }]);
    await state.write([
      { kind: 'put', key: key('a'), value: bytes('1') },
      { kind: 'put', key: key('b'), value: bytes('2') },
      { kind: 'delete', key: key('old') },
      { kind: 'arm', key: key('late'), at: now(), payload: bytes('3') },
    ]);
    expect([await read(state, key('a')), await read(state, key('b'))]).toEqual(['1', '2']);
    expect(await state.get(key('old'))).toBeUndefined();
    expect((await state.due(now(), 1_000)).map((alarm) => alarm.key)).toContain(key('late'));
  });

  it('refuses a write whose keys do not share their slot, and changes nothing', async () => {
    const { open, key, now } = stage();
    const state = await open();
    const put = { kind: 'put', key: key('a'), value: bytes('1') } as const;
    const elsewhere = { kind: 'arm', key: 'case:{elsewhere}:a', at: now(), payload: bytes('1') } as const;
    const fault = expect.objectContaining({ name: 'Fault', code: 'rejected' });
    await expect(state.write([put, elsewhere])).rejects.toThrow(fault);
    expect(await state.get(key('a'))).toBeUndefined();
  });

  it('takes a write of nothing and a delete of nothing', async () => {
    const { open, key } = stage();
    const state = await open();
    await state.write([]);
    await state.write([{ kind: 'delete', key: key('a') }]);
    expect(await state.get(key('a'))).toBeUndefined();
  });

  it('has everything that resolved after it was closed and opened again', async ({ skip }) => {
    if (cannot.reopen) skip(cannot.reopen);
    const { open, reopen, key } = stage();
    const before = await open();
    await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        before.write([{ kind: 'put', key: key(`${n}`), value: bytes(`${n}`) }]),
      ),
    );
    const after = await reopen();
    for (let n = 0; n < 50; n++) expect(await read(after, key(`${n}`))).toBe(`${n}`);
  });

  it('refuses work once it is closed, with a fault', async () => {
    const { open, key } = stage();
    const state = await open();
    await state.close();
    await state.close();
    const fault = expect.objectContaining({ name: 'Fault', code: 'cancelled' });
    await expect(state.get(key('a'))).rejects.toThrow(fault);
    await expect(state.write([{ kind: 'delete', key: key('a') }])).rejects.toThrow(fault);
    await expect(state.claim(key('a'), 1)).rejects.toThrow(fault);
    await expect(state.due(0, 1)).rejects.toThrow(fault);
  });
}

function conditionCases(stage: () => Stage, cannot: Cannot): void {
  it('puts where the version still holds, and gives a new one', async () => {
    const { open, key } = stage();
    const state = await open();
    const versions = new Set<number>();
    for (const text of ['1', '2', '3']) {
      const expected = (await state.get(key('a')))?.version ?? 0;
      await state.write([{ kind: 'put', key: key('a'), value: bytes(text), expect: expected }]);
      versions.add((await state.get(key('a')))?.version ?? 0);
    }
    expect(await read(state, key('a'))).toBe('3');
    expect(versions.size).toBe(3);
    expect(versions).not.toContain(0);
  });

  it('changes nothing at all when one version does not hold', async () => {
    const { open, key, now } = stage();
    const state = await open();
    await state.write([{ kind: 'put', key: key('a'), value: bytes('1') }]);
    await state.write([{ kind: 'put', key: key('b'), value: bytes('1') }]);
    const { version = 0 } = (await state.get(key('b'))) ?? {};
    const write = state.write([
      { kind: 'put', key: key('a'), value: bytes('2') },
      { kind: 'put', key: key('new'), value: bytes('2') },
      { kind: 'arm', key: key('late'), at: now(), payload: bytes('') },
      { kind: 'put', key: key('b'), value: bytes('2'), expect: version + 1 },
      { kind: 'delete', key: key('a') },
    ]);
    await expect(write).rejects.toThrow(conflict);
    expect([await read(state, key('a')), await read(state, key('b'))]).toEqual(['1', '1']);
    expect(await state.get(key('new'))).toBeUndefined();
    expect((await state.due(now(), 1_000)).map((alarm) => alarm.key)).not.toContain(key('late'));
  });

  it('takes version 0 for: it must not exist', async () => {
    const { open, key } = stage();
    const state = await open();
    const make = (text: string) =>
      state.write([{ kind: 'put', key: key('a'), value: bytes(text), expect: 0 }]);
    await make('1');
    await expect(make('2')).rejects.toThrow(conflict);
    await state.write([{ kind: 'delete', key: key('a') }]);
    await make('3');
    expect(await read(state, key('a'))).toBe('3');
  });

  it('refuses a version for an entry that is not there', async () => {
    const { open, key } = stage();
    const state = await open();
    const write = state.write([{ kind: 'put', key: key('a'), value: bytes('1'), expect: 1 }]);
    await expect(write).rejects.toThrow(conflict);
  });

  it('never gives an old version to an entry that was deleted and made again', async ({ skip }) => {
    if (cannot.reopen) skip(cannot.reopen);
    const { open, reopen, key } = stage();
    const put = { kind: 'put', key: key('a'), value: bytes('1') } as const;
    const before = await open();
    await before.write([put]);
    const old = (await before.get(key('a')))?.version ?? 0;
    await before.write([{ kind: 'delete', key: key('a') }]);
    const after = await reopen();
    await after.write([put]);
    await expect(after.write([{ ...put, expect: old }])).rejects.toThrow(conflict);
  });

  it('gives the versions of all puts, in their order', async () => {
    const { open, key, now } = stage();
    const state = await open();
    const versions = await state.write([
      { kind: 'put', key: key('a'), value: bytes('1') },
      { kind: 'arm', key: key('late'), at: now() + 1, payload: bytes('2') },
      { kind: 'delete', key: key('c') },
      { kind: 'put', key: key('b'), value: bytes('3'), ttlMs: 60_000 },
      { kind: 'disarm', key: key('late') },
    ]);
    const entries = [await state.get(key('a')), await state.get(key('b'))];
    expect(versions).toEqual(entries.map((entry) => entry?.version));
    expect(new Set(versions).size).toBe(2);
    expect([await read(state, key('a')), await read(state, key('b'))]).toEqual(['1', '3']);
  });

  it('lets exactly one of many writers win a version', async () => {
    const { open, key } = stage();
    const state = await open();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) =>
        state.write([{ kind: 'put', key: key('a'), value: bytes(`${n}`), expect: 0 }]),
      ),
    );
    const won = outcomes.flatMap(({ status }, n) => (status === 'fulfilled' ? [`${n}`] : []));
    expect(won).toEqual([await read(state, key('a'))]);
  });
}

function expiryCases(stage: () => Stage): void {
  it('forgets an entry once its time is over, not before', async () => {
    const { open, key, pass } = stage();
    const state = await open();
    await state.write([{ kind: 'put', key: key('a'), value: bytes('1'), ttlMs: 500 }]);
    await state.write([{ kind: 'put', key: key('b'), value: bytes('1') }]);
    expect(await read(state, key('a'))).toBe('1');
    await pass(550);
    expect(await state.get(key('a'))).toBeUndefined();
    expect(await read(state, key('b'))).toBe('1');
    await state.write([{ kind: 'put', key: key('a'), value: bytes('2'), expect: 0 }]);
    expect(await read(state, key('a'))).toBe('2');
  });

  it('counts the time from the last put', async () => {
    const { open, key, pass } = stage();
    const state = await open();
    await state.write([{ kind: 'put', key: key('a'), value: bytes('1'), ttlMs: 500 }]);
    await state.write([{ kind: 'put', key: key('b'), value: bytes('1'), ttlMs: 500 }]);
    await state.write([{ kind: 'put', key: key('a'), value: bytes('2') }]);
    await state.write([{ kind: 'put', key: key('b'), value: bytes('2'), ttlMs: 60_000 }]);
    await pass(550);
    expect([await read(state, key('a')), await read(state, key('b'))]).toEqual(['2', '2']);
  });
}
