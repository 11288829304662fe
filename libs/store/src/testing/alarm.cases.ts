import { expect, it } from 'vitest';
import type { Change } from '../keyed-state.js';
import { bytes, type Cannot, type Stage, textOf } from './stage.js';

const arm = (key: string, at: number, payload = ''): Change => ({
  kind: 'arm',
  key,
  at,
  payload: bytes(payload),
});

/** A time before every other alarm of a shared store, so that the limit cuts only this case's own. */
const BASE = 1_000;

export function alarmCases(stage: () => Stage, cannot: Cannot): void {
  it('shows what is due, oldest first, with its payload', async () => {
    const { open, key } = stage();
    const state = await open();
    await state.write([
      arm(key('c'), BASE + 30, 'three'),
      arm(key('a'), BASE + 10, 'one'),
      arm(key('later'), BASE + 41, 'no'),
      arm(key('b'), BASE + 20, 'two'),
      arm(key('d'), BASE + 40, 'four'),
    ]);
    const due = (await state.due(BASE + 40, 1_000)).filter(({ key: name }) => name.startsWith(key('')));
    expect(due.map(({ at, payload }) => [at, textOf(payload)])).toEqual([
      [BASE + 10, 'one'],
      [BASE + 20, 'two'],
      [BASE + 30, 'three'],
      [BASE + 40, 'four'],
    ]);
    await state.write(['a', 'b', 'c', 'd', 'later'].map((name) => ({ kind: 'disarm', key: key(name) })));
  });

  it('shows no more than were asked for, and the same until they are disarmed', async () => {
    const { open, key } = stage();
    const state = await open();
    await state.write(['a', 'b', 'c'].map((name, n) => arm(key(name), n)));
    const names = async () => (await state.due(BASE, 2)).map((alarm) => alarm.key);
    expect(await names()).toEqual([key('a'), key('b')]);
    expect(await names()).toEqual([key('a'), key('b')]);
    await state.write([{ kind: 'disarm', key: key('a') }]);
    expect(await names()).toEqual([key('b'), key('c')]);
    await state.write(['b', 'c'].map((name) => ({ kind: 'disarm', key: key(name) })));
    expect(await names()).toEqual([]);
  });

  it('moves an alarm that is armed again', async () => {
    const { open, key } = stage();
    const state = await open();
    await state.write([arm(key('a'), BASE, 'first')]);
    await state.write([arm(key('a'), BASE + 500, 'second')]);
    const mine = async (at: number) =>
      (await state.due(at, 1_000)).filter((alarm) => alarm.key === key('a')).map((a) => textOf(a.payload));
    expect(await mine(BASE + 499)).toEqual([]);
    expect(await mine(BASE + 500)).toEqual(['second']);
    await state.write([{ kind: 'disarm', key: key('a') }]);
  });

  it('takes a disarm of nothing', async () => {
    const { open, key } = stage();
    const state = await open();
    await state.write([{ kind: 'disarm', key: key('a') }]);
    expect((await state.due(BASE, 1_000)).map((alarm) => alarm.key)).not.toContain(key('a'));
  });

  it('is a space of its own: an entry and an alarm of one key do not touch each other', async () => {
    const { open, key } = stage();
    const state = await open();
    await state.write([{ kind: 'put', key: key('a'), value: bytes('entry') }, arm(key('a'), BASE)]);
    await state.write([{ kind: 'disarm', key: key('a') }]);
    expect(textOf((await state.get(key('a')))?.value)).toBe('entry');
  });

  it('has its alarms after it was closed and opened again', async ({ skip }) => {
    if (cannot.reopen) skip(cannot.reopen);
    const { open, reopen, key } = stage();
    await (await open()).write([arm(key('a'), BASE, 'x')]);
    const state = await reopen();
    const due = (await state.due(BASE, 1_000)).filter((alarm) => alarm.key === key('a'));
    expect(due.map(({ payload }) => textOf(payload))).toEqual(['x']);
    await state.write([{ kind: 'disarm', key: key('a') }]);
  });
}
