import { ConfidenceSource } from '@spillway/contracts/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StepInput, StepName } from './language-model.js';
import { type OpenAiModel, openAiCompatible } from './openai.js';
import { promptFor, readAnswer } from './steps.js';
import { type ModelServer, startModelServer, type Trouble } from './testing/model-server.js';
import { smallPack } from './testing/small-pack.js';

const pack = smallPack();
let server: ModelServer;
let model: OpenAiModel;
beforeAll(async () => {
  server = await startModelServer({ certainty: 0.9 });
  model = openAiCompatible({ name: 'little', baseUrl: server.baseUrl, model: 'little-8b', connections: 1 });
});
afterAll(async () => {
  await model.close();
  await server.close();
});

async function confidenceIn(step: StepName, text: string, trouble: Trouble | undefined) {
  const input: StepInput = { text, subject: '', locale: 'en', receivedAtMs: 0 };
  server.next(trouble);
  const completion = await model.complete(promptFor(step, input, pack, 'm1'), AbortSignal.timeout(5_000));
  return readAnswer(step, completion, input, pack).confidence;
}

const sure = { raw: expect.closeTo(0.9, 6), source: ConfidenceSource.LOGPROBS };
const silent = { source: ConfidenceSource.NONE, isCalibrated: false };

describe('the confidence in a label', () => {
  it.each<[string, Trouble | undefined, object]>([
    ['is that of its one token', undefined, sure],
    ['sees through a quote and a colon in the same token', { kind: 'tokens', style: 'merged' }, sure],
    ['is found where tokens are cut anywhere', { kind: 'tokens', style: 'split' }, sure],
    ['needs no bytes where there are no half characters', { kind: 'tokens', style: 'no bytes' }, sure],
    ['is absent where log-probabilities are dropped in silence', { kind: 'no logprobs' }, silent],
    [
      'is absent where words settled it',
      { kind: 'chatty', opening: 'They want to leave, so: ' },
      { ...silent, features: { chatty: 1 } },
    ],
    [
      'is absent where probabilities are none',
      { kind: 'tokens', style: 'past one' },
      { ...silent, features: { past_one: 1 } },
    ],
  ])('%s', async (_, trouble, want) => {
    expect(await confidenceIn('classify', 'please cancel it', trouble)).toMatchObject(want);
  });
});

describe('the confidence in values', () => {
  const text = JSON.stringify({
    fields: [{ name: 'amount', value: '12.50 EUR', evidence: '12,50 € für Öl' }],
  });
  const inMessage = 'I paid 12,50 € für Öl.';

  it.each<[string, Trouble, object]>([
    ['stands on characters that are cut in half', { kind: 'tokens', style: 'split', text }, sure],
    ['sees through structure in the same token', { kind: 'tokens', style: 'merged', text }, sure],
    [
      'is absent where half characters cannot be told',
      { kind: 'tokens', style: 'no bytes', text },
      { ...silent, features: { unaligned: 1 } },
    ],
  ])('%s', async (_, trouble, want) => {
    expect(await confidenceIn('extract', inMessage, trouble)).toMatchObject(want);
  });
});
