import { rowHash } from '@spillway/confidence/data-rows';
import { personalDataFinder } from '@spillway/models/personal-data';
import { promptFor } from '@spillway/models/steps';
import { smallPack } from '@spillway/models/testing/small-pack';
import { describe, expect, it } from 'vitest';
import { lineWriter } from './formats.js';
import { masking } from './mask.js';
import { type ExportedMessage, type ExportOptions, rowGatherer } from './rows.js';
import { partOf } from './split.js';
import {
  answered,
  classified,
  drafted,
  extracted,
  message,
  mood,
  polished,
  understood,
} from './testing/message.js';

const pack = smallPack();
const mask = masking(pack, personalDataFinder(pack));

function exported(
  messages: readonly ExportedMessage[],
  over: Partial<ExportOptions> = {},
  earlier: readonly ExportedMessage[] = [],
) {
  const gatherer = rowGatherer({
    pack,
    step: 'classify',
    sources: new Set(['corrected', 'big']),
    masking: mask,
    unmasked: false,
    heldOut: new Set(),
    splitKey: 'acme',
    ...over,
  });
  for (const each of messages) gatherer.add(each);
  for (const each of earlier) gatherer.recall(each);
  return gatherer.finish();
}

const big = (label: string) => ({ steps: [answered('classify', 'big', classified(label))] });
const persons = (label: string) => ({ steps: [answered('classify', 'human', classified(label))] });

describe('the rows of an export', () => {
  it('hold one of messages that are the same once folded and masked: the oldest', () => {
    const { rows, leftOut } = exported([
      message('late', { text: 'WHERE is a-22?', receivedAtMs: 2_000, ...big('refund_status') }),
      message('early', { text: 'where is A-11', receivedAtMs: 1_000, ...big('cancel') }),
    ]);
    expect(rows.map(({ id, label }) => [id, label])).toEqual([['early', 'cancel']]);
    expect(leftOut).toEqual([{ reason: 'duplicate', rows: 1, firstMessages: ['late'] }]);
  });

  it.each([
    ['nothing earlier', undefined, 'Again about 204518'],
    ['its conversation, before the rows begin', 'c', 'Again about [ORDER_NUMBER_1]'],
    ['another conversation', 'other', 'Again about 204518'],
  ])('mask what was read out of %s', (_, conversationId, text) => {
    const read = [answered('extract', 'small', extracted(['order_number', '204518']))];
    const before = { text: '204518 is late', steps: read };
    const row = message('new', { text: 'Again about 204518', conversationId: 'c', ...big('cancel') });
    const earlier = conversationId === undefined ? [] : [message('old', { ...before, conversationId })];
    const { rows } = exported([row], {}, earlier);
    expect(rows.map(({ maskedText }) => maskedText)).toEqual([text]);
  });

  it('hold the one with a person’s word, whenever it came', () => {
    const { rows } = exported([
      message('late', { text: 'Where is it?', receivedAtMs: 2_000, ...persons('refund_status') }),
      message('early', { text: 'where is it', receivedAtMs: 1_000, ...big('cancel') }),
    ]);
    expect(rows.map(({ id, origin }) => [id, origin])).toEqual([['late', 'labelled']]);
  });

  it.each([
    ['as it stands', 'Where is a-77?'],
    ['but for case and punctuation', 'where is A-77'],
    ['but for its number', 'Where is a-78?'],
  ])('hold no message of an eval set, %s', (_, text) => {
    const shown = mask({ texts: [], fields: [], names: { whole: [], words: [] } }).text('Where is a-77?');
    const heldOut = new Set([rowHash('Where is a-77?'), rowHash(shown)]);
    for (const unmasked of [false, true]) {
      const { rows, leftOut } = exported([message('m', { text, ...big('cancel') })], { heldOut, unmasked });
      expect([rows, leftOut]).toEqual([[], [{ reason: 'in_eval_set', rows: 1, firstMessages: ['m'] }]]);
    }
  });

  it('hold no message of an eval set that the sender’s name alone sets apart', () => {
    const text = 'Ada here: where is it?';
    const sent = message('m', { text, customer: 'Ada Byron', ...big('cancel') });
    expect(exported([sent], { heldOut: new Set([rowHash(text)]) }).rows).toEqual([]);
  });

  it.each<[string, ExportOptions['step'], Partial<ExportedMessage>, string]>([
    ['a label that the pack no longer has', 'classify', big('gone'), 'off_the_pack'],
    [
      'a value that nobody wrote',
      'extract',
      { steps: [answered('extract', 'human', extracted(['order_number', 'A-9']))] },
      'off_the_pack',
    ],
    [
      'a draft of a message that was not understood',
      'draft',
      { steps: [...understood.slice(1), answered('draft', 'big', drafted('Soon.'))] },
      'inputs_missing',
    ],
    [
      'a polish without its draft',
      'polish',
      { steps: [...understood, answered('polish', 'big', polished('Soon.'))] },
      'inputs_missing',
    ],
  ])('hold no row that cannot be rebuilt, and name it: %s', (_, step, over, reason) => {
    const { rows, leftOut } = exported([message('m', { text: 'Hello', ...over })], { step });
    expect([rows, leftOut]).toEqual([[], [{ reason, rows: 1, firstMessages: ['m'] }]]);
  });

  it('lie in the part of their conversation, however many others come', () => {
    const many = Array.from({ length: 200 }, (_, at) =>
      message(`m${at}`, {
        text: `question ${'i'.repeat(at)}`,
        conversationId: `c${at % 50}`,
        ...big('cancel'),
      }),
    );
    const few = exported(many.slice(0, 60)).rows;
    const all = new Map(exported(many).rows.map(({ id, part }) => [id, part]));
    expect(all.size).toBe(200);
    for (const { id, part } of few) expect(all.get(id)).toBe(part);
    for (const { id, conversationId, part } of exported(many).rows) {
      expect([id, part]).toEqual([id, partOf(conversationId, 'acme')]);
    }
  });

  it('are as they were written where no mask is wanted, and still one of each', () => {
    const messages = ['a-1', 'a-2'].map((number, at) =>
      message(number, { text: `where is ${number}`, receivedAtMs: at, ...big('cancel') }),
    );
    const { rows } = exported(messages, { unmasked: true });
    expect(rows.map(({ input, masked }) => [input.text, masked.size])).toEqual([['where is a-1', 0]]);
  });

  it('know the sender’s name from the reply that greets him', () => {
    const reply = 'Hi Ada,\n\nIt left.\n\nThe Acme team';
    const sent = message('m', {
      text: 'It is Ada again. Where is it?',
      steps: [
        ...understood,
        answered('draft', 'small', drafted('It left.')),
        answered('polish', 'big', polished(reply)),
      ],
    });
    expect(exported([sent], { step: 'polish' }).rows).toMatchObject([
      {
        input: { text: 'It is [NAME_1] again. Where is it?' },
        answer: { reply: 'Hi [NAME_1],\n\nIt left.\n\nThe Acme team' },
      },
    ]);
  });
});

describe('a line', () => {
  const asked = message('m1', {
    customer: 'Ada Byron',
    text: 'Where is my money for order a-77? I paid 12,50 EUR.\nKind regards,\nAda',
    subject: 'Order A-77',
    steps: [
      answered('classify', 'small', classified('refund_status')),
      answered('extract', 'big', extracted(['order_number', 'A-77'], ['amount', '12.50 EUR'])),
      answered('sentiment', 'human', mood('neutral')),
      answered('draft', 'small', drafted('We look into a-77, Ada.')),
      answered('polish', 'big', polished('Hi Ada,\n\nWe look into order A-77 today.\n\nThe Acme team')),
    ],
    reply: { text: 'Hi Ada,\n\nWe look into order A-77 today.\n\nThe Acme team', by: 'big' },
  });
  const maskedText =
    'Where is my money for order [ORDER_NUMBER_1]? I paid 12,50 EUR.\nKind regards,\n[NAME_1]';
  const lineOf = (format: 'openai' | 'jsonl', step: ExportOptions['step']) => {
    const [row] = exported([asked], { step }).rows;
    return row === undefined ? undefined : JSON.parse(lineWriter(format, step, pack)(row));
  };

  it.each<[ExportOptions['step'], object]>([
    [
      'extract',
      {
        fields: { order_number: ['[ORDER_NUMBER_1]'], amount: ['12.50 EUR'] },
        source: 'escalated',
      },
    ],
    ['sentiment', { label: 'neutral', source: 'labelled' }],
    ['draft', { reply: 'We look into order [ORDER_NUMBER_1] today.', source: 'polished' }],
    [
      'polish',
      {
        reply: 'Hi [NAME_1],\n\nWe look into order [ORDER_NUMBER_1] today.\n\nThe Acme team',
        source: 'polished',
      },
    ],
  ])('of %s, plain, has the message and what is right for it', (step, target) => {
    expect(lineOf('jsonl', step)).toEqual({
      id: 'm1',
      text: maskedText,
      subject: 'Order [ORDER_NUMBER_1]',
      locale: 'en',
      received_at: '2026-11-24T10:00:00.000Z',
      ...target,
    });
  });

  it('of a label, plain, has its name, and for OpenAI its code', () => {
    const [row] = exported([message('m', { text: 'Hello', ...big('refund_status') })]).rows;
    if (row === undefined) throw new Error('no row');
    expect(JSON.parse(lineWriter('jsonl', 'classify', pack)(row))).toMatchObject({ label: 'refund_status' });
    const { messages } = JSON.parse(lineWriter('openai', 'classify', pack)(row));
    expect(messages[2]).toEqual({ role: 'assistant', content: '{"label":"B"}' });
  });

  it('of fields for OpenAI has the words that hold them, masked with them', () => {
    expect(JSON.parse(lineOf('openai', 'extract').messages[2].content)).toEqual({
      fields: [
        { name: 'order_number', value: '[ORDER_NUMBER_1]', evidence: '[ORDER_NUMBER_1]' },
        { name: 'amount', value: '12.50 EUR', evidence: '12,50 EUR' },
      ],
    });
  });

  it('for OpenAI has the prompts of production, of the masked message', () => {
    const [row] = exported([asked], { step: 'draft' }).rows;
    if (row === undefined) throw new Error('no row');
    const { system, user } = promptFor('draft', row.input, pack, 'any');
    expect(lineOf('openai', 'draft')).toEqual({
      messages: [
        { role: 'system', content: system },
        { role: 'user', content: user },
        {
          role: 'assistant',
          content: JSON.stringify({
            reply: 'We look into order [ORDER_NUMBER_1] today.',
            macro_id: 'refund-en',
            missing_fields: [],
          }),
        },
      ],
    });
    expect(`${system}${user}`).toContain('{"order_number":"[ORDER_NUMBER_1]","amount":"12.50 EUR"}');
    expect(`${system}${user}`).not.toMatch(/a-77|Ada/i);
  });
});
