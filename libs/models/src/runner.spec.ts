import { create, toBinary } from '@bufbuild/protobuf';
import { StepCompletedSchema } from '@spillway/contracts/events';
import { Fault } from '@spillway/contracts/fault';
import { ConfidenceSource, Step, Tier } from '@spillway/contracts/model';
import { describe, expect, it } from 'vitest';
import type { Completion } from './language-model.js';
import { retry } from './layers/retry.js';
import { type Calls, type RunnerOptions, type StepRequest, stepRunner } from './runner.js';
import type { Signals } from './signals.js';
import { type ScriptedModel, type ScriptedReply, scripted } from './testing/scripted.js';
import { smallPack } from './testing/small-pack.js';

const alive = new AbortController().signal;
const request: StepRequest = {
  step: 'classify',
  tier: 'small',
  conversationId: 'c1',
  messageId: 'm1',
  input: { text: 'I want to cancel', subject: '', locale: 'en', receivedAtMs: 0 },
};
const good = { text: '{"label":"cancel"}', fingerprint: 'little-8b|fp' };
const off = { text: '{"label":"nonsense"}' };
const usage = {
  inputTokens: 1_000n,
  cachedInputTokens: 0n,
  outputTokens: 10n,
  reasoningTokens: 0n,
  estimated: false,
};
const unknownUsage = { ...usage, estimated: true };

/** Records as the real one does; a finished call is found again. */
function memoryCalls(): Calls & { readonly done: Map<string, Uint8Array>; readonly longest: number[] } {
  const done = new Map<string, Uint8Array>();
  const longest: number[] = [];
  return {
    done,
    longest,
    async once(callId, longestMs, work) {
      const found = done.get(callId);
      if (found !== undefined) return { result: found, recorded: true };
      longest.push(longestMs);
      const result = await work();
      done.set(callId, result);
      return { result, recorded: false };
    },
  };
}

function runnerOf(
  model: ScriptedModel,
  pack = smallPack(),
  signals: Signals = { samples: 1 },
  onSilence?: RunnerOptions['onSilence'],
) {
  const calls = memoryCalls();
  let clock = 1_767_225_600_000; // 2026-01-01
  let passed = 0;
  const runner = stepRunner({
    pack,
    models: { for: () => model, signals: () => signals },
    calls,
    now: () => clock++,
    elapsed: () => (passed += 5),
    ...(onSilence === undefined ? {} : { onSilence }),
  });
  return {
    run: (changes: Partial<StepRequest> = {}, signal = alive) =>
      runner.run({ ...request, ...changes }, signal),
    calls,
  };
}

const language = (...replies: readonly ScriptedReply[]): ScriptedModel =>
  scripted(replies, { name: 'little' });

describe('stepRunner', () => {
  it('gives the result with its confidence and its bill', async () => {
    const { run } = runnerOf(language({ ...good, usage }));
    const completed = await run();
    expect(completed).toMatchObject({
      conversationId: 'c1',
      messageId: 'm1',
      step: Step.CLASSIFY,
      tier: Tier.SMALL,
      result: { case: 'classification', value: { label: 'cancel', queue: 'retention' } },
      confidence: { source: ConfidenceSource.NONE },
      call: {
        callId: 'm1/classify/small/answer',
        model: 'little',
        tier: Tier.SMALL,
        usage,
        // 1,000 tokens at one dollar a million and 10 at two.
        costNanos: 1_020_000n,
        attempts: 1,
        finishReason: 'stop',
        fingerprint: expect.stringMatching(/^little-8b\|fp\|prompt:[0-9a-f]{8}$/),
        embedded: false,
      },
    });
    expect(completed.call?.latencyMs).toBeGreaterThan(0);
  });

  it('finds a recorded call again, byte for byte, and pays once', async () => {
    const model = language({ ...good, usage });
    const { run, calls } = runnerOf(model);
    const [first, again] = [await run(), await run()];
    expect(model.calls).toHaveLength(1);
    expect(again).toEqual(first);
    const bytes = toBinary(StepCompletedSchema, create(StepCompletedSchema, again));
    expect(Buffer.from(bytes)).toEqual(Buffer.from(calls.done.get('m1/classify/small/answer') ?? []));
  });

  it('gives what another worker has recorded meanwhile, though the call was made here too', async () => {
    const { run, calls } = runnerOf(language({ ...good, usage }, { text: '{"label":"A"}', usage }));
    const theirs = await run();
    const result = calls.done.get('m1/classify/small/answer') ?? Buffer.of();
    calls.once = async (_id, _ms, work) => {
      await work();
      return { result, recorded: true };
    };
    expect(await run()).toEqual(theirs);
  });

  it('holds the lease for longer than the deadline of the tier', async () => {
    const { run, calls } = runnerOf(language(good));
    await run();
    await run({ tier: 'big', purpose: 'escalation' });
    expect(calls.longest).toEqual([13_000, 65_000]);
    expect([...calls.done.keys()]).toEqual(['m1/classify/small/answer', 'm1/classify/big/escalation']);
  });

  it('bills every sample of an answer, and gives what they agree on', async () => {
    const model = language({ text: '{"label":"A"}', usage }, { ...good, usage });
    const completed = await runnerOf(model, smallPack(), { samples: 5 }).run();
    expect(model.calls.map(({ callId, temperature, continued }) => [callId, temperature, continued])).toEqual(
      [
        ['m1/classify/small/answer', 0.7, false],
        ['m1/classify/small/answer/2', 0.7, true],
        ['m1/classify/small/answer/3', 0.7, true],
        ['m1/classify/small/answer/4', 0.7, true],
      ],
    );
    expect(completed).toMatchObject({
      result: { value: { label: 'cancel' } },
      confidence: { source: ConfidenceSource.AGREEMENT, raw: 0.75 },
      call: { usage: { inputTokens: 4_000n }, costNanos: 4_080_000n, attempts: 4 },
    });
    expect(completed.call?.fingerprint).toMatch(/\|samples:5$/);
  });

  it('fails where a sample is lost, with the bill of those that came', async () => {
    const model = language({ ...good, usage }, new Fault('unavailable', 'down'), { ...good, usage });
    const completed = await runnerOf(model, smallPack(), { samples: 3 }).run();
    expect(completed).toMatchObject({
      result: { case: 'failure', value: { code: 'unavailable' } },
      call: { usage: { inputTokens: 1_000n }, costNanos: 1_020_000n, attempts: 2 },
    });
  });

  it('keeps the bill of an answer whose second opinion fails', async () => {
    const secondOpinion = scripted([new Fault('unavailable', 'the thread has ended')]);
    const { run } = runnerOf(language({ ...good, usage }), smallPack(), { samples: 1, secondOpinion });
    expect(await run()).toMatchObject({
      result: { case: 'failure', value: { code: 'unavailable' } },
      call: { costNanos: 1_020_000n },
    });
  });

  it('tells of an endpoint that gives no confidence to anything', async () => {
    const told: string[] = [];
    const { run } = runnerOf(language(good), smallPack(), { samples: 1 }, (...parts) =>
      told.push(parts.join(': ')),
    );
    await run();
    expect(told).toEqual(['classify: little: it gives no log-probabilities']);
  });

  it('does not record embedded models, which cost a known zero', async () => {
    const own = { raw: 0.9, calibrated: 0.8, alternatives: [] };
    const model = scripted([{ ...good, confidence: own, usage: unknownUsage }], {
      name: 'house',
      embedded: true,
    });
    const { run, calls } = runnerOf(model);
    const completed = await run();
    expect(completed.call).toMatchObject({ costNanos: 0n, embedded: true, usage: { estimated: true } });
    expect(completed.confidence).toMatchObject({ calibrated: 0.8, source: ConfidenceSource.EMBEDDED });
    expect(calls.done.size).toBe(0);
  });

  it('asks once more for an answer off the schema, under another idempotency key, and bills both', async () => {
    const model = language({ ...off, usage }, { ...good, usage });
    const completed = await runnerOf(model).run();
    expect(model.calls.map(({ callId, continued }) => [callId, continued])).toEqual([
      ['m1/classify/small/answer', false],
      ['m1/classify/small/answer/2', true],
    ]);
    expect(completed.result?.case).toBe('classification');
    expect(completed.confidence?.features).toMatchObject({ off_schema: 1 });
    const first = await runnerOf(language({ ...good, usage })).run();
    expect(first.confidence?.features).toMatchObject({ off_schema: 0 });
    expect(completed.call).toMatchObject({
      attempts: 2,
      costNanos: 2_040_000n,
      usage: { inputTokens: 2_000n },
    });
  });

  it.each<
    [
      string,
      readonly ScriptedReply[],
      { code: string; calls: number; cost: bigint | undefined; attempts: number },
    ]
  >([
    [
      'an answer off the schema, twice',
      [{ ...off, usage }],
      { code: 'malformed', calls: 2, cost: 2_040_000n, attempts: 2 },
    ],
    [
      'a refusal',
      [{ ...good, usage, finishReason: 'refusal' }],
      { code: 'rejected', calls: 1, cost: 1_020_000n, attempts: 1 },
    ],
    [
      'an answer that was cut',
      [{ ...good, usage, finishReason: 'length' }],
      { code: 'too_large', calls: 1, cost: 1_020_000n, attempts: 1 },
    ],
    [
      'an endpoint that is down',
      [new Fault('unavailable', 'little: no connection')],
      { code: 'unavailable', calls: 1, cost: 0n, attempts: 1 },
    ],
    [
      'a call that took too long, and may be billed',
      [new Fault('timed_out', 'late')],
      { code: 'timed_out', calls: 1, cost: undefined, attempts: 1 },
    ],
    [
      'an outage after an attempt that may be billed',
      [new Fault('unavailable', 'down', { cause: new Fault('timed_out', 'late') })],
      { code: 'unavailable', calls: 1, cost: undefined, attempts: 1 },
    ],
    [
      'an outage in the second try',
      [{ ...off, usage }, new Fault('throttled', 'later')],
      { code: 'throttled', calls: 2, cost: 1_020_000n, attempts: 2 },
    ],
  ])('reports %s as a failure', async (_, replies, want) => {
    const model = language(...replies);
    const { result, confidence, call } = await runnerOf(model).run();
    expect(result).toMatchObject({ case: 'failure', value: { code: want.code } });
    expect(confidence).toMatchObject({ source: ConfidenceSource.NONE });
    expect({ calls: model.calls.length, cost: call?.costNanos, attempts: call?.attempts }).toEqual({
      calls: want.calls,
      cost: want.cost,
      attempts: want.attempts,
    });
  });

  it('counts the attempts of a call that the retry layer gave up', async () => {
    const model = scripted([new Fault('unavailable', 'down')]);
    const layered = retry({ attempts: 3, sleep: async () => {} })(model);
    const { call } = await runnerOf({ ...layered, calls: model.calls }).run();
    expect(call?.attempts).toBe(3);
  });

  it('shows the cost as unknown where the endpoint reports no usage', async () => {
    const { call } = await runnerOf(language({ ...good, usage: unknownUsage })).run();
    expect(call?.costNanos).toBeUndefined();
  });

  it('shows the cost as unknown where an attempt before the answer may be billed', async () => {
    const { call } = await runnerOf(language({ ...good, usage, unaccounted: true })).run();
    expect(call).toMatchObject({ usage });
    expect(call?.costNanos).toBeUndefined();
  });

  it('keeps what an unforeseen error says to itself', async () => {
    const model = language(() => {
      throw new TypeError('cannot read card 4111');
    });
    expect((await runnerOf(model).run()).result).toMatchObject({
      case: 'failure',
      value: { code: 'unknown', detail: 'unexpected TypeError' },
    });
  });

  it('tells an operator which place of an answer did not fit', async () => {
    expect((await runnerOf(language(off)).run()).result).toMatchObject({
      value: { detail: "the model's answer does not fit its schema (/label invalid_value)" },
    });
  });

  /** Answers only when it is aborted, as a driver does. */
  const silent = (): ScriptedModel =>
    language(
      (_, signal) =>
        new Promise<Partial<Completion>>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Fault('cancelled', 'aborted')));
        }),
    );

  describe('a budget that is full', () => {
    const full = new Fault('over_budget', 'little: not called', { retryAfterMs: 3_600_000 });

    it('fails with the moment at which it has room again, and is not recorded', async () => {
      const { run, calls } = runnerOf(language(full, { ...good, usage }));
      const completed = await run();
      expect(completed).toMatchObject({
        result: { case: 'failure', value: { code: 'over_budget', detail: 'little: not called' } },
        call: { costNanos: 0n, attempts: 1 },
      });
      const { result, completedAt } = completed;
      const retryAt = result?.case === 'failure' ? result.value.retryAt : undefined;
      expect(Number(retryAt?.seconds) - Number(completedAt?.seconds)).toBe(3_600);
      expect(calls.done.size).toBe(0);
      // The same event again, once there is room.
      expect(await run()).toMatchObject({ result: { case: 'classification' } });
      expect(calls.done.size).toBe(1);
    });

    it('tells no moment where waiting does not help', async () => {
      const { run } = runnerOf(language(new Fault('over_budget', 'too dear')));
      const { result } = await run();
      expect(result?.case === 'failure' && 'retryAt' in result.value).toBe(false);
    });

    it('is another call when it is asked for again', async () => {
      const { run, calls } = runnerOf(language(good));
      const request = { tier: 'big', purpose: 'escalation' } as const;
      await run(request);
      await run({ ...request, askedBefore: 0 });
      await run({ ...request, askedBefore: 2 });
      const id = 'm1/classify/big/escalation';
      expect([...calls.done.keys()]).toEqual([id, `${id}/again-2`]);
    });

    it('leaves an answer off the schema as it is: that call was made and is on the bill', async () => {
      const { run, calls } = runnerOf(language({ ...off, usage }, full));
      expect(await run()).toMatchObject({
        result: { case: 'failure', value: { code: 'malformed' } },
        call: { costNanos: 1_020_000n },
      });
      expect(calls.done.size).toBe(1);
    });
  });

  it("ends at the policy's deadline", async () => {
    const pack = smallPack();
    const hurried = { ...pack, policy: { ...pack.policy, deadlines: { smallMs: 10, bigMs: 10 } } };
    expect((await runnerOf(silent(), hurried).run()).result).toMatchObject({
      case: 'failure',
      value: { code: 'timed_out' },
    });
  });

  it('rejects when it is called off, and records nothing', async () => {
    const controller = new AbortController();
    const { run, calls } = runnerOf(silent());
    const running = run({}, controller.signal);
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    expect(calls.done.size).toBe(0);
  });

  it('rejects with what the record of calls throws', async () => {
    const model = language(good);
    const once = async (): Promise<never> => {
      throw new Fault('unavailable', 'the store is down');
    };
    const runner = stepRunner({
      pack: smallPack(),
      models: { for: () => model },
      calls: { once },
      now: () => 0,
    });
    await expect(runner.run(request, alive)).rejects.toMatchObject({ code: 'unavailable' });
    expect(model.calls).toHaveLength(0);
  });
});
