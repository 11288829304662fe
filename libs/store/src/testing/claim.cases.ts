import { expect, it } from 'vitest';
import type { KeyedState } from '../keyed-state.js';
import { bytes, type Cannot, type Stage, textOf } from './stage.js';

const conflict = expect.objectContaining({ name: 'Fault', code: 'conflict' });
const HOUR = 3_600_000;

/** The fence of a claim that must succeed. */
async function fenceOf(state: KeyedState, key: string, leaseMs: number): Promise<number> {
  const claim = await state.claim(key, leaseMs);
  if (claim.state !== 'claimed') throw new Error(`the claim was ${claim.state}`);
  return claim.fence;
}

async function resultOf(state: KeyedState, key: string): Promise<string | undefined> {
  const claim = await state.claim(key, 1_000);
  return claim.state === 'done' ? textOf(claim.result) : undefined;
}

export function claimCases(stage: () => Stage, cannot: Cannot): void {
  ownerCases(stage, cannot);
  leaseCases(stage);
  renewalCases(stage);
}

function ownerCases(stage: () => Stage, cannot: Cannot): void {
  it('gives work to one owner at a time', async () => {
    const { open, key, now } = stage();
    const state = await open();
    const claims = await Promise.all(Array.from({ length: 20 }, () => state.claim(key('call'), HOUR)));
    expect(claims.filter((claim) => claim.state === 'claimed').length).toBe(1);
    const busy = claims.filter((claim) => claim.state === 'busy');
    expect(busy.length).toBe(19);
    for (const { until } of busy) {
      expect(until).toBeGreaterThan(now());
      expect(until).toBeLessThanOrEqual(now() + HOUR + 1_000);
    }
  });

  it.each([['a result'], ['']])('has the result %j for everyone who claims afterwards', async (text) => {
    const { open, key } = stage();
    const state = await open();
    await state.complete(key('call'), await fenceOf(state, key('call'), HOUR), bytes(text), HOUR);
    expect(await resultOf(state, key('call'))).toBe(text);
    expect(await resultOf(state, key('call'))).toBe(text);
  });

  it('has results, leases and fences after it was closed and opened again', async ({ skip }) => {
    if (cannot.reopen) skip(cannot.reopen);
    const { open, reopen, key } = stage();
    const before = await open();
    await before.complete(key('done'), await fenceOf(before, key('done'), HOUR), bytes('x'), HOUR);
    const fence = await fenceOf(before, key('busy'), HOUR);
    const after = await reopen();
    expect(await resultOf(after, key('done'))).toBe('x');
    expect(await after.claim(key('busy'), HOUR)).toMatchObject({ state: 'busy' });
    await after.complete(key('busy'), fence, bytes('y'), HOUR);
    expect(await resultOf(after, key('busy'))).toBe('y');
  });

  it('passes work on at once when its owner gives it up', async () => {
    const { open, key } = stage();
    const state = await open();
    const first = await fenceOf(state, key('call'), HOUR);
    await state.release(key('call'), first);
    const second = await fenceOf(state, key('call'), HOUR);
    expect(second).toBeGreaterThan(first);
    await expect(state.complete(key('call'), first, bytes('late'), HOUR)).rejects.toThrow(conflict);
  });

  it('keeps a claim that someone else took when an old owner gives up', async () => {
    const { open, key, pass } = stage();
    const state = await open();
    const old = await fenceOf(state, key('call'), 100);
    await pass(150);
    const newer = await fenceOf(state, key('call'), HOUR);
    await state.release(key('call'), old);
    expect(await state.claim(key('call'), HOUR)).toMatchObject({ state: 'busy' });
    await state.complete(key('call'), newer, bytes('x'), HOUR);
    await state.release(key('call'), newer);
    expect(await resultOf(state, key('call'))).toBe('x');
  });

  it('refuses to complete what nobody claimed', async () => {
    const { open, key } = stage();
    const state = await open();
    await expect(state.complete(key('call'), 1, bytes('x'), HOUR)).rejects.toThrow(conflict);
  });
}

function leaseCases(stage: () => Stage): void {
  it('passes work on when the lease is over, not before', async () => {
    const { open, key, pass } = stage();
    const state = await open();
    const first = await fenceOf(state, key('call'), 500);
    expect(await state.claim(key('call'), HOUR)).toMatchObject({ state: 'busy' });
    await pass(550);
    expect(await fenceOf(state, key('call'), HOUR)).toBeGreaterThan(first);
    expect(await state.claim(key('call'), HOUR)).toMatchObject({ state: 'busy' });
  });

  it('lets only the newest owner complete', async () => {
    const { open, key, pass } = stage();
    const state = await open();
    const old = await fenceOf(state, key('call'), 100);
    await pass(150);
    const newer = await fenceOf(state, key('call'), HOUR);
    await expect(state.complete(key('call'), old, bytes('old'), HOUR)).rejects.toThrow(conflict);
    await state.complete(key('call'), newer, bytes('new'), HOUR);
    await expect(state.complete(key('call'), old, bytes('old'), HOUR)).rejects.toThrow(conflict);
    expect(await resultOf(state, key('call'))).toBe('new');
  });

  it('takes the result of an owner who is late, where nobody else claimed', async () => {
    const { open, key, pass } = stage();
    const state = await open();
    const fence = await fenceOf(state, key('call'), 100);
    await pass(150);
    await state.complete(key('call'), fence, bytes('x'), HOUR);
    expect(await resultOf(state, key('call'))).toBe('x');
  });

  it('forgets a result once its time is over', async () => {
    const { open, key, pass } = stage();
    const state = await open();
    const first = await fenceOf(state, key('call'), HOUR);
    await state.complete(key('call'), first, bytes('x'), 500);
    expect(await resultOf(state, key('call'))).toBe('x');
    await pass(550);
    expect(await fenceOf(state, key('call'), HOUR)).toBeGreaterThan(first);
  });
}

function renewalCases(stage: () => Stage): void {
  it('keeps work with an owner who renews the lease, and passes it on once they stop', async () => {
    const { open, key, pass, now } = stage();
    const state = await open();
    const fence = await fenceOf(state, key('call'), 600);
    for (let n = 0; n < 3; n++) {
      await pass(350);
      await state.renew(key('call'), fence, 600);
    }
    const claim = await state.claim(key('call'), HOUR);
    expect(claim).toMatchObject({ state: 'busy' });
    if (claim.state === 'busy') expect(claim.until).toBeLessThanOrEqual(now() + 600 + 1_000);
    await pass(650);
    expect(await fenceOf(state, key('call'), HOUR)).toBeGreaterThan(fence);
  });

  it('renews a lease that is over, where nobody else claimed', async () => {
    const { open, key, pass } = stage();
    const state = await open();
    const fence = await fenceOf(state, key('call'), 100);
    await pass(150);
    await state.renew(key('call'), fence, HOUR);
    expect(await state.claim(key('call'), HOUR)).toMatchObject({ state: 'busy' });
    await state.complete(key('call'), fence, bytes('x'), HOUR);
    expect(await resultOf(state, key('call'))).toBe('x');
  });

  it.each<[string, (state: KeyedState, key: string, fence: number) => Promise<unknown>]>([
    ['given up', (state, key, fence) => state.release(key, fence)],
    ['done', (state, key, fence) => state.complete(key, fence, bytes('x'), HOUR)],
    [
      'given up and claimed by someone else',
      async (state, key, fence) => {
        await state.release(key, fence);
        await state.claim(key, HOUR);
      },
    ],
  ])('refuses to renew what was %s', async (_, end) => {
    const { open, key } = stage();
    const state = await open();
    const fence = await fenceOf(state, key('call'), HOUR);
    await end(state, key('call'), fence);
    const before = await state.claim(key('call'), 1);
    await expect(state.renew(key('call'), fence, HOUR)).rejects.toThrow(conflict);
    if (before.state !== 'claimed') expect(await state.claim(key('call'), 1)).toEqual(before);
  });
}
