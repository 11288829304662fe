import type { ConfidenceFit } from '@spillway/confidence/fit';
import { Fault } from '@spillway/contracts/fault';
import { ConfidenceSource } from '@spillway/contracts/model';
import type { Pack } from '@spillway/pack/pack';
import { describe, expect, it } from 'vitest';
import type { Completion } from './language-model.js';
import { type Signals, silenceOf, weigh } from './signals.js';
import { promptFor, promptVersion, readAnswer } from './steps.js';
import { scripted } from './testing/scripted.js';
import { smallPack } from './testing/small-pack.js';

const input = { text: 'please cancel', subject: '', locale: 'en', receivedAtMs: 0 };
const spoken = [
  ['{"label":"', 1],
  ['C', 0.8],
  ['"}', 1],
] as const;
const completion: Completion = {
  text: '{"label":"C"}',
  tokens: spoken.map(([text, probability]) => ({
    bytes: Buffer.from(text),
    logprob: Math.log(probability),
    top: [],
  })),
  usage: { inputTokens: 1n, cachedInputTokens: 0n, outputTokens: 1n, reasoningTokens: 0n, estimated: false },
  finishReason: 'stop',
  fingerprint: 'little|fp|json_schema|logprobs:20',
  attempts: 1,
};
const version = promptVersion('classify', smallPack());
const own = `little|fp|json_schema|logprobs:20|prompt:${version}`;

function weighed(pack: Pack, signals: Signals = { samples: 1 }, embedded = false) {
  return weigh({
    pack,
    signals,
    completion,
    step: 'classify',
    prompt: () => promptFor('classify', input, pack, 'm1'),
    model: scripted([], { name: 'little', embedded }),
    answer: readAnswer('classify', completion, input, pack),
  });
}

const fitted = (fingerprint: string): Pack => {
  const fit: ConfidenceFit = {
    step: 'classify',
    fingerprint,
    calibrator: { kind: 'platt', intercept: -1, slope: 1 },
    fittedOn: '2026-11-24',
    rows: 400,
    labelSource: 'truth',
  };
  return smallPack({ fits: { classify: fit } });
};

const classifier = (probability: number, label: string) =>
  scripted(
    [
      {
        fingerprint: 'embedded-small|v1|trained:3f9c1a2b',
        confidence: { raw: probability, calibrated: probability, alternatives: [{ label, probability }] },
      },
    ],
    { embedded: true },
  );

describe('weigh', () => {
  it('says what the confidence is comparable with', async () => {
    expect((await weighed(smallPack())).fingerprint).toBe(own);
    expect((await weighed(smallPack(), { samples: 5 })).fingerprint).toBe(`${own}|samples:5`);
    const { fingerprint } = await weighed(smallPack(), {
      samples: 1,
      secondOpinion: classifier(0.9, 'cancel'),
    });
    expect(fingerprint).toBe(`${own}|second:3f9c1a2b`);
    expect((await weighed(smallPack(), { samples: 1 }, true)).fingerprint).toBe(completion.fingerprint);
  });

  it.each<[string, string, number, boolean]>([
    ['its own fingerprint', own, 0.5954, true],
    ['another prompt', 'little|fp|json_schema|logprobs:20|prompt:00000000', 0.8, false],
    ['another server', own.replace('fp', 'fp2'), 0.8, false],
  ])('applies a fit of %s or not', async (_, fingerprint, calibrated, isCalibrated) => {
    const { confidence } = await weighed(fitted(fingerprint));
    expect(confidence).toMatchObject({ raw: expect.closeTo(0.8, 9), isCalibrated });
    expect(confidence.calibrated).toBeCloseTo(calibrated, 3);
  });

  it.each<[string, ReturnType<typeof classifier>, number]>([
    ['of the label that was given', classifier(0.9, 'cancel'), 0.9],
    ['of a label that it does not list', classifier(0.9, 'refund_status'), 0],
  ])('adds the second opinion %s', async (_, secondOpinion, want) => {
    const { confidence } = await weighed(smallPack(), { samples: 1, secondOpinion });
    expect(confidence.features).toMatchObject({ second_opinion: want, label_mass: 0.8 });
  });

  it('rejects with what the second opinion ends in', async () => {
    const secondOpinion = scripted([new Fault('unavailable', 'the thread has ended')]);
    await expect(weighed(smallPack(), { samples: 1, secondOpinion })).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});

describe('silenceOf', () => {
  const none = { source: ConfidenceSource.NONE };
  it.each([
    ['no tokens', none, 'it gives no log-probabilities'],
    [
      'probabilities that are none',
      { ...none, features: { past_one: 1 } },
      'its probabilities add up to more than one',
    ],
    [
      'tokens of something else',
      { ...none, features: { unaligned: 1 } },
      'its tokens are not those of its answer',
    ],
    ['an answer that is unsure of itself', { ...none, features: { low_mass: 1 } }, undefined],
    ['a confidence', { source: ConfidenceSource.LOGPROBS, raw: 0.9 }, undefined],
  ])('knows %s', (_, confidence, want) => {
    expect(silenceOf(confidence)).toBe(want);
  });
});
