import { rowHash } from '@spillway/confidence/data-rows';
import { personalDataFinder } from '@spillway/models/personal-data';
import { smallPack } from '@spillway/models/testing/small-pack';
import { describe, expect, it } from 'vitest';
import { correctedRows, withRows } from './corrected-set.js';
import { masking } from './mask.js';
import { type ExportedMessage, type ExportOptions, rowGatherer } from './rows.js';
import { answered, classified, extracted, message } from './testing/message.js';

const pack = smallPack();
const mask = masking(pack, personalDataFinder(pack));

function gathered(messages: readonly ExportedMessage[], over: Partial<ExportOptions> = {}) {
  const gatherer = rowGatherer({
    pack,
    step: 'classify',
    sources: new Set(['corrected']),
    heldOut: new Set(),
    masking: mask,
    unmasked: false,
    splitKey: 'acme',
    ...over,
  });
  for (const each of messages) gatherer.add(each);
  return gatherer.finish();
}

const persons = { steps: [answered('classify', 'human', classified('cancel'))] };
const fields = (...found: readonly (readonly [string, string])[]) => ({
  steps: [answered('extract', 'human', extracted(...found))],
});

describe('corrections for an eval set', () => {
  it('stand behind what is there, without what is personal', () => {
    const { rows } = correctedRows(gathered([message('m1', { text: 'Stop a-77', ...persons })]), new Set());
    expect(withRows('{"id":"c-1","text":"Hello","label":"cancel"}', rows)).toBe(
      '{"id":"c-1","text":"Hello","label":"cancel"}\n{"id":"m1","text":"Stop [ORDER_NUMBER_1]","label":"cancel"}\n',
    );
  });

  it('have the day for values that are reckoned from it', () => {
    const found = message('m1', { text: 'I paid 12.50 EUR', ...fields(['amount', '12.50 EUR']) });
    const { rows } = correctedRows(gathered([found], { step: 'extract' }), new Set());
    expect(JSON.parse(withRows(null, rows))).toEqual({
      id: 'm1',
      text: 'I paid 12.50 EUR',
      received_at: '2026-11-24T10:00:00.000Z',
      fields: { amount: ['12.50 EUR'] },
    });
  });

  it.each<[string, readonly ExportedMessage[], ExportOptions['step'], string]>([
    ['what certified a threshold', [message('m1', { text: 'spent', ...persons })], 'classify', 'spent'],
    [
      'a second message of one conversation',
      [
        message('m0', { conversationId: 'c', receivedAtMs: 1, ...persons }),
        message('m1', { conversationId: 'c', text: 'and now?', ...persons }),
      ],
      'classify',
      'same_conversation',
    ],
    [
      'a label that the mask has taken out',
      [message('m1', { text: 'order A-77', ...fields(['order_number', 'A-77']) })],
      'extract',
      'masked_label',
    ],
    [
      'a value that only the subject has',
      [message('m1', { text: 'see above', subject: 'paid 5.00 EUR', ...fields(['amount', '5.00 EUR']) })],
      'extract',
      'off_the_pack',
    ],
  ])('are without %s', (_, messages, step, reason) => {
    const { leftOut } = correctedRows(gathered(messages, { step }), new Set([rowHash('spent')]));
    expect(leftOut).toEqual([{ reason, rows: 1, firstMessages: ['m1'] }]);
  });
});
