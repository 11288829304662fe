import { smallPack } from '@spillway/models/testing/small-pack';
import { describe, expect, it } from 'vitest';
import { replyFrame } from './reply-frame.js';
import type { ExportedMessage } from './rows.js';
import {
  answered,
  classified,
  drafted,
  extracted,
  found,
  message,
  mood,
  polished,
  reviewed,
  ruled,
} from './testing/message.js';
import { type Source, trustedAnswer } from './trusted-answer.js';

const frame = replyFrame(smallPack());
const both: readonly Source[] = ['corrected', 'big'];

const small = answered('classify', 'small', classified('cancel'));
const big = answered('classify', 'big', classified('refund_request'));
const audited = answered('classify', 'audit', classified('refund_status'));
const label = answered('classify', 'human', classified('out_of_scope'));

type Row = [string, Partial<ExportedMessage>, readonly Source[], unknown];

describe('whose label a small model learns', () => {
  it.each<Row>([
    ['nobody’s where the small model was alone', { steps: [small] }, both, undefined],
    [
      'the big model’s where the small one was unsure',
      { steps: [small, big] },
      both,
      'escalated refund_request',
    ],
    ['the big model’s beside the traffic', { steps: [small, audited] }, both, 'audited refund_status'],
    ['a person’s before the big model’s', { steps: [small, big, label] }, both, 'labelled out_of_scope'],
    ['a person’s alone', { steps: [small, big] }, ['corrected'], undefined],
    [
      'the big model’s alone, but not against a person',
      { steps: [big, label] },
      ['big'],
      'contradicted_by_person',
    ],
    [
      'the big model’s alone, where a person says the same',
      { steps: [big, answered('classify', 'human', classified('refund_request'))] },
      ['big'],
      'escalated refund_request',
    ],
    [
      'not the big model’s where it was unsure too',
      { steps: [small, big], decisions: [ruled('classify', 'hold')] },
      both,
      'big_unsure',
    ],
    ['no failure', { steps: [small, answered('classify', 'big', null)] }, both, undefined],
  ])('%s', (_, over, sources, want) => {
    const answer = trustedAnswer(message('m', over), 'classify', new Set(sources), frame);
    expect(shown(answer)).toEqual(want);
  });

  it('compares fields as sets of names and values', () => {
    const over = {
      steps: [
        answered('extract', 'big', extracted(['amount', '5.00 EUR'], ['order_number', 'A-1'])),
        answered('extract', 'human', extracted(['order_number', 'a-1'], ['amount', '5.00 EUR'])),
      ],
    };
    expect(trustedAnswer(message('m', over), 'extract', new Set(['big']), frame)).toMatchObject({
      origin: 'escalated',
    });
  });
});

const draft = answered('draft', 'small', drafted('It is on its way.'));
const polish = answered('polish', 'big', polished('Hi Ada,\n\nIt is under way.\n\nThe Acme team'));
const own = { text: 'Hi there,\n\nIt left today.\nThe Acme team', by: 'human' } as const;
const sent = { text: 'Hi Ada,\n\nIt is under way.\n\nThe Acme team', by: 'big' } as const;

describe('whose reply a small model learns', () => {
  it.each<[string, 'draft' | 'polish', Partial<ExportedMessage>, readonly Source[], unknown]>([
    ['the polish', 'polish', { steps: [draft, polish], reply: sent }, both, `polished ${sent.text}`],
    [
      'as a draft without greeting and closing',
      'draft',
      { steps: [draft, polish], reply: sent },
      both,
      'polished It is under way.',
    ],
    [
      'a draft of the big model as it is',
      'draft',
      { steps: [answered('draft', 'big', drafted('Soon.')), polish] },
      both,
      'escalated Soon.',
    ],
    ['no reply of the small model that nobody looked at', 'draft', { steps: [draft] }, both, undefined],
    [
      'a person’s edit',
      'polish',
      { steps: [draft, polish], review: reviewed('edit'), reply: own },
      both,
      `edited ${own.text}`,
    ],
    [
      'a person’s edit as a draft',
      'draft',
      { steps: [draft, polish], review: reviewed('edit'), reply: own },
      both,
      'edited It left today.',
    ],
    [
      'a reply that a person approved',
      'polish',
      { steps: [draft, polish], review: reviewed('approve'), reply: sent },
      both,
      `approved ${sent.text}`,
    ],
    [
      'no draft that went out as it was as a polish',
      'polish',
      { steps: [draft], review: reviewed('approve'), reply: { text: 'It is on its way.', by: 'small' } },
      both,
      undefined,
    ],
    [
      'a draft that a person found right',
      'draft',
      { steps: [draft, polish], audits: [found('draft', false)] },
      both,
      'labelled It is on its way.',
    ],
    [
      'nothing that a person found wrong',
      'draft',
      { steps: [draft, polish], audits: [found('draft', true)] },
      both,
      'rejected_by_person',
    ],
    [
      'nothing that a person turned down',
      'polish',
      { steps: [draft, polish], review: reviewed('reject') },
      ['big'],
      'rejected_by_person',
    ],
    [
      'nothing that lies with a person',
      'polish',
      { steps: [draft, polish], review: reviewed(null) },
      both,
      'in_review',
    ],
    [
      'nothing that was built on a wrong label',
      'polish',
      { steps: [draft, polish], audits: [found('classify', true)] },
      both,
      'built_on_wrong_step',
    ],
    [
      'nothing of the big model’s where a person wrote another',
      'polish',
      { steps: [draft, polish], review: reviewed('edit'), reply: own },
      ['big'],
      undefined,
    ],
  ])('%s (%s)', (_, step, over, sources, want) => {
    expect(shown(trustedAnswer(message('m', over), step, new Set(sources), frame))).toEqual(want);
  });
});

it('says which big model answered', () => {
  const steps = [{ ...answered('sentiment', 'big', mood('negative')), model: 'house', embedded: true }];
  expect(trustedAnswer(message('m', { steps }), 'sentiment', new Set(both), frame)).toMatchObject({
    model: 'house',
    embedded: true,
  });
});

function shown(answer: ReturnType<typeof trustedAnswer>): string | undefined {
  if (answer === undefined) return undefined;
  if ('left' in answer) return answer.left;
  const { origin, value } = answer;
  return `${origin} ${value.kind === 'classification' ? value.label : 'text' in value ? value.text : ''}`;
}
