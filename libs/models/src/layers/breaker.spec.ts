import { Fault, type FaultCode } from '@spillway/contracts/fault';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Prompt } from '../language-model.js';
import { scripted } from '../testing/scripted.js';
import { breaker } from './breaker.js';

const prompt = { step: 'classify' } as Prompt;
const alive = new AbortController().signal;
const options = { calls: 4, minimumCalls: 4, threshold: 0.5, openMs: 1_000, maxOpenMs: 3_000 };

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A model behind a breaker whose next outcomes the spec sets. */
function behindBreaker() {
  const outcome: { next: FaultCode | 'ok'; retryAfterMs?: number } = { next: 'ok' };
  const layer = breaker(options);
  const inner = scripted([
    () => {
      if (outcome.next === 'ok') return {};
      const { retryAfterMs } = outcome;
      throw new Fault(outcome.next, 'no', retryAfterMs === undefined ? {} : { retryAfterMs });
    },
  ]);
  const model = layer(inner);
  const call = (next: FaultCode | 'ok', retryAfterMs?: number): Promise<string> => {
    outcome.next = next;
    if (retryAfterMs === undefined) delete outcome.retryAfterMs;
    else outcome.retryAfterMs = retryAfterMs;
    const before = inner.calls.length;
    const called = (): string => (inner.calls.length > before ? '' : ' without a call');
    return model.complete(prompt, alive).then(
      () => 'ok',
      ({ code, retryAfterMs: after }: Fault) =>
        `${code}${called()}${after === undefined ? '' : ` in ${after}`}`,
    );
  };
  const open = async (): Promise<void> => {
    for (let nth = 0; nth < 4; nth += 1) await call('unavailable');
  };
  return { call, open, layer, inner };
}

describe('breaker', () => {
  it.each<[string, readonly (FaultCode | 'ok')[], boolean]>([
    ['opens when most calls fail', ['ok', 'unavailable', 'timed_out', 'throttled'], true],
    ['opens on bodies that break off', ['malformed', 'malformed', 'malformed', 'malformed'], true],
    ['stays closed at the threshold', ['ok', 'ok', 'unavailable', 'unavailable'], false],
    ['waits for enough calls', ['unavailable', 'unavailable', 'unavailable'], false],
    [
      'does not mind what is wrong with the request',
      ['rejected', 'too_large', 'rejected', 'misconfigured'],
      false,
    ],
  ])('%s', async (_, outcomes, opens) => {
    const { call } = behindBreaker();
    for (const outcome of outcomes) await call(outcome);
    expect(await call('ok')).toBe(opens ? 'unavailable without a call in 1000' : 'ok');
  });

  it('closes after one probe that goes well', async () => {
    const { call, open } = behindBreaker();
    await open();
    vi.advanceTimersByTime(999);
    expect(await call('ok')).toBe('unavailable without a call in 1');
    vi.advanceTimersByTime(1);
    expect([await call('ok'), await call('ok')]).toEqual(['ok', 'ok']);
  });

  it('stays open longer after each probe that fails, up to a bound', async () => {
    const { call, open } = behindBreaker();
    await open();
    const waits: string[] = [];
    for (const wait of [1_000, 2_000, 3_000, 3_000]) {
      vi.advanceTimersByTime(wait);
      await call('unavailable');
      waits.push(await call('ok'));
    }
    expect(waits.map((each) => each.split(' in ')[1])).toEqual(['2000', '3000', '3000', '3000']);
  });

  it('waits with the probe for as long as the endpoint asked', async () => {
    const { call } = behindBreaker();
    for (let nth = 0; nth < 4; nth += 1) await call('throttled', 2_500);
    expect(await call('ok')).toBe('unavailable without a call in 2500');
  });

  it('is not closed by a probe that was called off', async () => {
    const { call, open } = behindBreaker();
    await open();
    vi.advanceTimersByTime(1_000);
    await call('cancelled');
    expect(await call('ok')).toBe('unavailable without a call in 2000');
  });

  it('turns others away while the probe is under way', async () => {
    const { call, open } = behindBreaker();
    await open();
    vi.advanceTimersByTime(1_000);
    const probe = call('ok');
    expect(await call('ok')).toBe('unavailable without a call in 0');
    expect(await probe).toBe('ok');
  });

  it('is shared by the models in one layer', async () => {
    const { open, layer } = behindBreaker();
    await open();
    await expect(layer(scripted([{}])).complete(prompt, alive)).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});
