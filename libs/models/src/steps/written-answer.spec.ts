import { Mood } from '@spillway/contracts/model';
import { describe, expect, it } from 'vitest';
import type { StepInput, StepName } from '../language-model.js';
import { readAnswer } from '../steps.js';
import { smallPack } from '../testing/small-pack.js';
import type { StepAnswer } from './answer.js';
import { answerWriter } from './written-answer.js';

const pack = smallPack();
const write = answerWriter(pack);
const input: StepInput = {
  text: 'Where is my money for order a-77?  I paid 12,50 EUR on Monday.',
  subject: 'Order B-9',
  locale: 'en-IE',
  receivedAtMs: Date.UTC(2026, 10, 24, 10, 0),
};
const extraction = (name: string, value: string, start = 0, end = 0): StepAnswer['result'] => ({
  case: 'extraction',
  value: { fields: [{ name, value, confidence: 0, evidenceStart: start, evidenceEnd: end }] },
});

describe('an answer as it is written', () => {
  it.each<[string, StepName, StepAnswer['result'], unknown]>([
    [
      'a label whose name would not tell it by one token has its code',
      'classify',
      { case: 'classification', value: { label: 'refund_status', queue: 'billing', alternatives: [] } },
      { label: 'B' },
    ],
    ['a mood', 'sentiment', { case: 'sentiment', value: { mood: Mood.POSITIVE } }, { mood: 'positive' }],
    [
      'a value in the words that a model quoted',
      'extract',
      extraction('order_number', 'A-77', 28, 32),
      { fields: [{ name: 'order_number', value: 'A-77', evidence: 'a-77' }] },
    ],
    [
      'a value in fewer words than it is written with',
      'extract',
      extraction('amount', '12.50 EUR', 42, 47),
      { fields: [{ name: 'amount', value: '12.50 EUR', evidence: '12,50' }] },
    ],
    [
      'a value that a person gave, in the words of the message',
      'extract',
      extraction('order_number', 'A-77'),
      { fields: [{ name: 'order_number', value: 'A-77', evidence: 'a-77' }] },
    ],
    [
      'a value that only the subject holds',
      'extract',
      extraction('order_number', 'B-9'),
      { fields: [{ name: 'order_number', value: 'B-9', evidence: 'B-9' }] },
    ],
    [
      'a value that is written otherwise in the message',
      'extract',
      extraction('amount', '12.50 EUR'),
      { fields: [{ name: 'amount', value: '12.50 EUR', evidence: '12,50 EUR' }] },
    ],
    [
      'a draft without a macro',
      'draft',
      { case: 'draft', value: { text: 'Soon.', macroId: '', missingFields: ['amount'] } },
      { reply: 'Soon.', macro_id: null, missing_fields: ['amount'] },
    ],
    ['a polish', 'polish', { case: 'polish', value: { text: 'Hi.' } }, { reply: 'Hi.' }],
  ])('%s, and reads back as the same', (_, step, result, written) => {
    expect(write(result, input)).toEqual(written);
    const completion = {
      text: JSON.stringify(written),
      usage: {
        inputTokens: 0n,
        cachedInputTokens: 0n,
        outputTokens: 0n,
        reasoningTokens: 0n,
        estimated: false,
      },
      finishReason: 'stop',
      fingerprint: '',
      attempts: 1,
    } as const;
    const read = readAnswer(step, completion, input, pack).result;
    expect(write(read, input)).toEqual(written);
    expect(read.case).toBe(result.case);
  });

  it('refuses a value that nobody wrote', () => {
    expect(() => write(extraction('order_number', 'C-1'), input)).toThrow('stands nowhere in the message');
  });
});
