import { Fault } from '@spillway/contracts/fault';
import { ConfidenceSource } from '@spillway/contracts/model';
import { describe, expect, it } from 'vitest';
import type { Completion, StepName } from './language-model.js';
import { drawSamples } from './samples.js';
import { readAnswer } from './steps.js';
import { smallPack } from './testing/small-pack.js';

const pack = smallPack();
const input = { text: 'order A-77 for 12,50', subject: '', locale: 'en', receivedAtMs: 0 };
const completion = (answer: object): Completion => ({
  text: JSON.stringify(answer),
  usage: { inputTokens: 1n, cachedInputTokens: 0n, outputTokens: 1n, reasoningTokens: 0n, estimated: false },
  finishReason: 'stop',
  fingerprint: 'test',
  attempts: 1,
});

const draw = (step: StepName, answers: readonly (object | Fault)[], samples = 5) =>
  drawSamples({
    samples,
    complete: async (nth) => {
      const answer = answers[nth - 1];
      if (answer instanceof Fault) throw answer;
      if (answer === undefined) throw new Error('one sample too many');
      return completion(answer);
    },
    read: (each) => readAnswer(step, each, input, pack),
  });

const label = (code: string) => ({ label: code });
const off = { label: 'nonsense' };
const spent = new Fault('over_budget', 'not called', { retryAfterMs: 1_000 });

describe('drawSamples', () => {
  it.each<[string, readonly object[], number, string, number]>([
    ['stops once a majority agrees', [label('C'), label('C'), label('C')], 3, 'cancel', 1],
    [
      'goes on while it can be overtaken',
      [label('A'), label('C'), label('C'), label('A'), label('C')],
      5,
      'cancel',
      0.6,
    ],
    ['takes a code and its label for one', [label('C'), label('cancel'), label('C')], 3, 'cancel', 1],
    [
      'counts a sample off the schema as no vote',
      [off, label('C'), label('C'), label('C')],
      4,
      'cancel',
      0.75,
    ],
  ])('%s', async (_, answers, drawn, want, raw) => {
    const { completions, answer } = await draw('classify', answers);
    expect(completions).toHaveLength(drawn);
    expect(answer).toMatchObject({
      result: { value: { label: want } },
      confidence: {
        raw,
        calibrated: raw,
        source: ConfidenceSource.AGREEMENT,
        isCalibrated: false,
        features: { vote_share: raw, samples: drawn },
      },
    });
  });

  it('counts extractions of the same values as one, and each value by its own share', async () => {
    const amount = { name: 'amount', value: '12.50 EUR', evidence: '12,50' };
    const order = { name: 'order_number', value: 'A-77' };
    const { answer } = await draw('extract', [
      { fields: [amount, order] },
      { fields: [{ ...order, evidence: 'A-77' }, amount] },
      { fields: [amount] },
      { fields: [order, amount] },
    ]);
    expect(answer).toMatchObject({
      result: {
        value: {
          fields: [
            { name: 'amount', confidence: 1 },
            { name: 'order_number', confidence: 0.75 },
          ],
        },
      },
      confidence: { raw: 0.75, source: ConfidenceSource.AGREEMENT },
    });
  });

  it('has no answer where no sample can be used', async () => {
    const { completions, answer } = await draw('classify', [off, off, off, off, off]);
    expect(completions).toHaveLength(5);
    expect(answer).toMatchObject({ code: 'malformed' });
  });

  it('ends with a call that gives nothing, and keeps what was paid for', async () => {
    const late = new Fault('timed_out', 'late', { attempts: 2 });
    const full = new Fault('throttled', 'slower', { attempts: 3, retryAfterMs: 9 });
    const { completions, answer, lost } = await draw('classify', [full, label('C'), late]);
    expect(completions).toHaveLength(1);
    expect(answer).toBe(lost);
    expect(lost).toMatchObject({ code: 'throttled', attempts: 5, retryAfterMs: 9, cause: late });
  });

  it.each<[string, readonly (object | Fault)[], string]>([
    ['of which nothing was paid for', [spent, spent, spent], 'over_budget'],
    ['of which a sample was paid for', [label('C'), spent, spent], 'rejected'],
    ['of which a sample may be on the bill', [spent, new Fault('timed_out', 'late'), spent], 'timed_out'],
  ])('says of a full budget, %s, no more than is so', async (_, answers, code) => {
    const { answer } = await draw('classify', answers);
    expect(answer).toMatchObject({ code });
  });
});
