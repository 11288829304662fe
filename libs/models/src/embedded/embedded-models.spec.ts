import { create } from '@bufbuild/protobuf';
import {
  ClassificationSchema,
  DraftSchema,
  ExtractionSchema,
  Mood,
  SentimentSchema,
} from '@spillway/contracts/model';
import type { Pack } from '@spillway/pack/pack';
import { describe, expect, it } from 'vitest';
import type { LanguageModel, Prompt, StepInput, StepName } from '../language-model.js';
import { readAnswer } from '../steps.js';
import { type Classifiers, embeddedModels, modelsAround } from './embedded-models.js';

const example = (text: string) => ({ text, mood: 'neutral' as const });

const pack = {
  hash: '0123456789abcdef0123456789abcdef',
  brand: {
    company: 'Shop',
    voice: '',
    salutations: { en: { greeting: 'Hi {{customer_name|there}},', closing: 'The shop' } },
    wordings: [{ avoid: 'kindly', prefer: 'please' }],
    currency: 'EUR',
    country: 'IE',
    timeZone: 'Europe/Dublin',
  },
  intents: [
    { label: 'delivery', queue: '', description: '', examples: [example('where is my parcel')] },
    { label: 'refund', queue: '', description: '', examples: [example('I want my money back')] },
    { label: 'out_of_scope', queue: '', description: '', examples: [example('buy cheap followers')] },
  ],
  fields: [
    { name: 'order_number', kind: 'pattern', description: '', patterns: ['FF-\\d{6}'], normalise: 'upper' },
    { name: 'amount', kind: 'money', description: '', patterns: [], normalise: 'none' },
  ],
  macros: [
    {
      id: 'where',
      intent: 'delivery',
      locale: 'en',
      title: 'Where is my parcel',
      text: 'We kindly look for order {{order_number}}.',
    },
  ],
  prompts: Object.fromEntries(
    ['classify', 'extract', 'sentiment', 'draft', 'polish'].map((step) => [step, { system: '', user: '' }]),
  ),
  models: [{ name: 'house-small', driver: 'embedded', tier: 'small' }],
} as unknown as Pack;

const sure = (label: string, calibrated = 0.9) => ({
  label,
  raw: 0.8,
  calibrated,
  alternatives: [{ label, probability: calibrated }],
});

const classifiers: Classifiers = { intent: () => sure('delivery'), mood: () => sure('neutral') };
const models = modelsAround(pack, classifiers);

const input = (changes: Partial<StepInput> = {}): StepInput => ({
  text: 'where is my parcel FF-204518?',
  subject: '',
  locale: 'en',
  receivedAtMs: Date.UTC(2026, 10, 25),
  ...changes,
});

const prompt = (step: StepName, changes: Partial<StepInput> = {}): Prompt => ({
  step,
  system: 's'.repeat(100),
  user: 'u'.repeat(101),
  maxOutputTokens: 100,
  temperature: 0,
  topTokens: 5,
  input: input(changes),
  callId: 'call',
});

const ask = async (model: LanguageModel, step: StepName, changes: Partial<StepInput> = {}) => {
  const completion = await model.complete(prompt(step, changes), AbortSignal.timeout(5_000));
  return { ...completion, answer: JSON.parse(completion.text) as Record<string, unknown> };
};

const classification = create(ClassificationSchema, { label: 'delivery' });
const extraction = create(ExtractionSchema, {
  fields: [{ name: 'order_number', value: 'FF-204518', confidence: 0.95 }],
});

describe('answers', () => {
  it.each<[StepName, Partial<StepInput>, unknown]>([
    ['classify', {}, { label: 'delivery' }],
    ['sentiment', {}, { mood: 'neutral' }],
    ['extract', {}, { fields: [{ name: 'order_number', value: 'FF-204518', evidence: 'FF-204518' }] }],
    ['extract', { text: 'nothing here' }, { fields: [] }],
    [
      'draft',
      { classification, extraction },
      { reply: 'We kindly look for order FF-204518.', macro_id: 'where', missing_fields: [] },
    ],
    [
      'draft',
      { classification },
      { reply: 'We kindly look for order .', macro_id: 'where', missing_fields: ['order_number'] },
    ],
    [
      'polish',
      { draft: create(DraftSchema, { text: 'We kindly look.' }), draftConfidence: 0.8 },
      { reply: 'Hi there,\n\nWe please look.\n\nThe shop' },
    ],
  ])('%s %#', async (step, changes, want) => {
    expect((await ask(models.small, step, changes)).answer).toEqual(want);
  });

  it.each<[StepName, string, Partial<StepInput>]>([
    ['classify', 'classification', {}],
    ['extract', 'extraction', {}],
    ['sentiment', 'sentiment', {}],
    ['draft', 'draft', { classification, extraction }],
    ['polish', 'polish', { draft: create(DraftSchema, { text: 'We look.' }) }],
  ])('to %s are read as a language model’s are', async (step, want, changes) => {
    const { confidence, ...bare } = await models.big.complete(
      prompt(step, changes),
      AbortSignal.timeout(5_000),
    );
    expect(readAnswer(step, bare, input(changes), pack).result.case).toBe(want);
    expect(
      readAnswer(step, { ...bare, ...(confidence && { confidence }) }, input(changes), pack),
    ).toMatchObject({
      result: { case: want },
      confidence: { calibrated: confidence?.calibrated, isCalibrated: true },
    });
  });

  it('name the model of the pack, and say what a language model would have used', async () => {
    const { usage, finishReason, fingerprint, attempts } = await ask(models.small, 'classify');
    expect(models.small.name).toBe('house-small');
    expect(models.big.name).toBe('embedded-big');
    expect([models.small.embedded, models.big.embedded]).toEqual([true, true]);
    expect(usage).toEqual({
      inputTokens: 51n,
      cachedInputTokens: 0n,
      outputTokens: 5n,
      reasoningTokens: 0n,
      estimated: true,
    });
    expect([finishReason, attempts]).toEqual(['stop', 1]);
    expect(fingerprint).toMatch(/^embedded-small\|v\d+\|trained:[0-9a-f]{8}$/);
  });

  it('do not render a prompt whose length is known', async () => {
    const lazy = { ...prompt('classify'), estimatedInputTokens: 7 };
    Object.defineProperty(lazy, 'user', {
      get: () => {
        throw new Error('rendered');
      },
    });
    const { usage } = await models.small.complete(lazy, new AbortController().signal);
    expect(usage.inputTokens).toBe(7n);
  });

  it('are refused once the signal is aborted', async () => {
    await expect(models.small.complete(prompt('classify'), AbortSignal.abort())).rejects.toMatchObject({
      code: 'cancelled',
    });
  });

  it('need a draft to polish and a macro to draft', async () => {
    await expect(ask(models.big, 'polish')).rejects.toMatchObject({ code: 'missing' });
    const bare = modelsAround({ ...pack, macros: [] }, classifiers);
    await expect(ask(bare.small, 'draft')).rejects.toMatchObject({ code: 'missing' });
  });
});

describe('confidence', () => {
  const calibrated = async (model: LanguageModel, step: StepName, changes: Partial<StepInput> = {}) =>
    (await ask(model, step, changes)).confidence?.calibrated ?? Number.NaN;

  it('of a label is the classifier’s', async () => {
    const { confidence } = await ask(models.small, 'classify');
    expect(confidence).toMatchObject({ raw: 0.8, calibrated: 0.9, alternatives: [{ label: 'delivery' }] });
  });

  it('of the big model’s label is lower where the nearest examples say another', async () => {
    const other = modelsAround(pack, { ...classifiers, intent: () => sure('refund') });
    expect(await calibrated(other.big, 'classify')).toBeLessThan(await calibrated(other.small, 'classify'));
    expect(await calibrated(models.big, 'classify')).toBe(0.9);
  });

  it('of values comes with their places', async () => {
    const { confidence } = await ask(models.small, 'extract');
    expect(confidence?.fields).toEqual([
      { name: 'order_number', value: 'FF-204518', confidence: expect.any(Number), start: 19, end: 28 },
    ]);
  });

  it('of a draft falls with a missing value, and with a label that the classifier does not see', async () => {
    const whole = await calibrated(models.small, 'draft', { classification, extraction });
    expect(whole).toBeGreaterThan(0.8);
    expect(await calibrated(models.small, 'draft', { classification })).toBeLessThan(0.5);
    const other = modelsAround(pack, { ...classifiers, intent: () => sure('refund') });
    expect(await calibrated(other.small, 'draft', { classification, extraction })).toBeLessThan(0.6);
  });

  it('of a draft for a message that is none of the company’s business is near nothing', async () => {
    const outside = create(ClassificationSchema, { label: 'out_of_scope' });
    expect(await calibrated(models.small, 'draft', { classification: outside })).toBeLessThan(0.1);
    expect(await calibrated(models.small, 'draft')).toBeLessThan(0.1);
  });

  it('of a polished reply is its draft’s, and low where that is not known', async () => {
    const draft = create(DraftSchema, { text: 'A reply.' });
    expect(await calibrated(models.big, 'polish', { draft, draftConfidence: 0.83 })).toBe(0.83);
    expect(await calibrated(models.big, 'polish', { draft })).toBeLessThan(0.5);
  });
});

describe('polish', () => {
  const reply = async (changes: Partial<StepInput>) =>
    (await ask(models.big, 'polish', changes)).answer['reply'];

  it('apologises to a customer who is upset', async () => {
    const sentiment = create(SentimentSchema, { mood: Mood.NEGATIVE });
    const text = await reply({ draft: create(DraftSchema, { text: 'We look into it.' }), sentiment });
    expect(text).toContain('We are sorry for the trouble');
  });

  it('greets by a name that was surely given', async () => {
    const draft = create(DraftSchema, { text: 'We look into it.' });
    const named = (value: string, confidence: number) =>
      create(ExtractionSchema, { fields: [{ name: 'customer_name', value, confidence }] });
    expect(await reply({ draft, extraction: named('Ann', 0.9) })).toMatch(/^Hi Ann,/);
    expect(await reply({ draft, extraction: named('Ann', 0.6) })).toMatch(/^Hi there,/);
    expect(await reply({ draft, extraction: named('visit evil.test/x', 0.9) })).toMatch(/^Hi there,/);
  });

  it('leaves greeting and closing off where the pack has none in the language of the reply', async () => {
    const draft = create(DraftSchema, { text: 'Wir suchen nach der Bestellung und melden uns bei Ihnen.' });
    expect(await reply({ draft })).toBe(draft.text);
  });
});

it('models trained for another state of the pack are refused', () => {
  expect(() => embeddedModels(pack, { source: 'other' } as never)).toThrow(
    expect.objectContaining({ code: 'misconfigured' }),
  );
});
