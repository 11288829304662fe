import { Fault } from '@spillway/contracts/fault';
import { describe, expect, it } from 'vitest';
import type { Prompt } from '../language-model.js';
import { type ScriptedReply, scripted } from '../testing/scripted.js';
import { retry } from './retry.js';

const prompt = { step: 'classify' } as Prompt;
const alive = new AbortController().signal;
const throttled = (retryAfterMs?: number): Fault =>
  new Fault('throttled', 'later', retryAfterMs === undefined ? {} : { retryAfterMs });
const answer = { text: 'yes' };

interface Example {
  replies: readonly ScriptedReply[];
  /** What comes out: an answer's attempts, or the code of the last fault. */
  want: number | string;
  waits: readonly number[];
}

describe('retry', () => {
  it.each<[string, Example]>([
    ['an answer comes at once', { replies: [answer], want: 1, waits: [] }],
    ['a fault that can pass is tried again', { replies: [throttled(), answer], want: 2, waits: [50] }],
    [
      'waits double, with jitter',
      {
        replies: [new Fault('unavailable', ''), new Fault('timed_out', ''), answer],
        want: 3,
        waits: [50, 100],
      },
    ],
    ['no more tries than allowed', { replies: [throttled()], want: 'throttled', waits: [50, 100] }],
    ['the endpoint says how long', { replies: [throttled(3_000), answer], want: 2, waits: [3_050] }],
    [
      'a wait that is too long is not waited for',
      { replies: [throttled(9_000), answer], want: 'throttled', waits: [] },
    ],
    ['a refusal is final', { replies: [new Fault('rejected', ''), answer], want: 'rejected', waits: [] }],
    [
      'a wrong key is final',
      { replies: [new Fault('misconfigured', ''), answer], want: 'misconfigured', waits: [] },
    ],
    ['a broken body is tried again', { replies: [new Fault('malformed', ''), answer], want: 2, waits: [50] }],
    [
      'a budget that is full from the start is final',
      { replies: [new Fault('over_budget', ''), answer], want: 'over_budget', waits: [] },
    ],
    [
      'no other try that the budget does not allow: the fault before it stands',
      { replies: [throttled(), new Fault('over_budget', '')], want: 'throttled', waits: [50] },
    ],
    ['attempts of inner layers count', { replies: [throttled(), { attempts: 2 }], want: 3, waits: [50] }],
  ])('%s', async (_, { replies, want, waits }) => {
    const waited: number[] = [];
    const layer = retry({
      attempts: 3,
      firstWaitMs: 100,
      maxWaitMs: 5_000,
      random: () => 0.5,
      sleep: async (ms) => {
        waited.push(ms);
      },
    });
    const got = await layer(scripted(replies))
      .complete(prompt, alive)
      .then(
        ({ attempts }) => attempts,
        ({ code }: Fault) => code,
      );
    expect({ got, waited }).toEqual({ got: want, waited: waits });
  });

  it('tells how many tries ended in a fault', async () => {
    const layer = retry({ attempts: 3, sleep: async () => {} });
    const fault = await layer(scripted([throttled()]))
      .complete(prompt, alive)
      .catch((error: Fault) => error);
    expect(fault).toMatchObject({ code: 'throttled', attempts: 3 });
  });

  it.each<[string, readonly ScriptedReply[], true | undefined]>([
    ['took too long', [new Fault('timed_out', ''), answer], true],
    ['broke off', [new Fault('malformed', ''), new Fault('unavailable', ''), answer], true],
    ['was turned away', [throttled(), answer], undefined],
  ])(
    'says whether an attempt may be on the bill besides the answer: one that %s',
    async (_, replies, want) => {
      const layer = retry({ attempts: 3, sleep: async () => {} });
      expect((await layer(scripted(replies)).complete(prompt, alive)).unaccounted).toBe(want);
    },
  );

  it('says so also where the last attempt cannot be on the bill', async () => {
    const layer = retry({ attempts: 2, sleep: async () => {} });
    const model = scripted([new Fault('timed_out', 'late'), new Fault('unavailable', 'down')]);
    await expect(layer(model).complete(prompt, alive)).rejects.toMatchObject({
      code: 'unavailable',
      attempts: 2,
      cause: { code: 'timed_out' },
    });
  });

  it('keeps what an earlier try may have cost where the budget allows no other', async () => {
    const layer = retry({ attempts: 3, sleep: async () => {} });
    const replies = [new Fault('timed_out', 'late'), throttled(), new Fault('over_budget', 'full')];
    await expect(layer(scripted(replies)).complete(prompt, alive)).rejects.toMatchObject({
      code: 'throttled',
      attempts: 2,
      cause: { code: 'timed_out' },
    });
  });

  it('gives up waiting when the caller does', async () => {
    const controller = new AbortController();
    const model = scripted([
      () => {
        setImmediate(() => controller.abort());
        throw throttled(60_000);
      },
    ]);
    const call = retry({ attempts: 3, maxWaitMs: 60_000 })(model).complete(prompt, controller.signal);
    await expect(call).rejects.toMatchObject({ code: 'cancelled' });
    expect(model.calls).toHaveLength(1);
  });
});
