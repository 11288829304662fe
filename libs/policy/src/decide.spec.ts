import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextDueMs, unknownCase } from './case.js';
import { decide, type Input } from './decide.js';
import type { Policy, TaskName } from './policy.js';
import {
  answered,
  classifiedAs,
  failed,
  overBudget,
  play,
  policy,
  received,
  told,
  understood,
} from './testing/given.js';

interface Example {
  readonly given: readonly Input[];
  readonly when: Input;
  readonly want: readonly string[];
}

/** What the last input alone leads to. */
function outcome({ given, when }: Example): readonly string[] {
  const before = play(given).actions.length;
  return play([...given, when])
    .actions.slice(before)
    .map(told);
}

const table = (name: string, rows: readonly (readonly [string, Example])[]): void => {
  describe(name, () => {
    it.each(rows)('%s', (_, example) => expect(outcome(example)).toEqual(example.want));
  });
};

const form = received();
const email = received({ channel: 'email' });

table('understanding a message', [
  ['a new message waits for its three answers', { given: [], when: form, want: [] }],
  [
    'an answer at the threshold is kept',
    { given: [form], when: answered('classify', 0.7), want: ['accept classify of small'] },
  ],
  [
    'an answer under the threshold is redone by the big model',
    {
      given: [form],
      when: answered('classify', 0.69),
      want: ['escalate classify of small', 'ask big to classify'],
    },
  ],
  [
    'so is an answer without any confidence',
    {
      given: [form],
      when: answered('extract', undefined),
      want: ['escalate extract of small', 'ask big to extract'],
    },
  ],
  [
    'and a step that failed',
    {
      given: [form],
      when: failed('sentiment'),
      want: ['escalate sentiment of small', 'ask big to sentiment'],
    },
  ],
  [
    'the third sure answer leads to a draft',
    {
      given: [form, ...understood.slice(0, 2)],
      when: answered('sentiment', 0.8),
      want: ['accept sentiment of small', 'ask small for a draft'],
    },
  ],
  [
    'a draft waits for the step that the big model redoes',
    {
      given: [form, answered('classify', 0.2), answered('extract', 0.9)],
      when: answered('sentiment', 0.9),
      want: ['accept sentiment of small'],
    },
  ],
  [
    'the big model is sure: on to the draft',
    {
      given: [form, answered('classify', 0.2), answered('extract', 0.9), answered('sentiment', 0.9)],
      when: answered('classify', 0.9, 'big'),
      want: ['accept classify of big', 'ask small for a draft'],
    },
  ],
  [
    'the big model gives no confidence: its answer is kept',
    {
      given: [form, answered('classify', 0.2)],
      when: answered('classify', undefined, 'big'),
      want: ['accept classify of big'],
    },
  ],
  [
    'the big model is not sure either: a person decides',
    {
      given: [form, answered('classify', 0.2)],
      when: answered('classify', 0.49, 'big'),
      want: ['hold classify of big', 'a person looks at classify'],
    },
  ],
  [
    'the big model failed: a person decides',
    {
      given: [form, answered('classify', 0.2)],
      when: failed('classify', 'big'),
      want: ['hold classify of big', 'a person looks at classify'],
    },
  ],
  [
    'answers that overtake the message count once it is in',
    {
      given: [answered('extract', 0.9), answered('sentiment', 0.9), answered('classify', 0.9)],
      when: form,
      want: [
        'accept extract of small',
        'accept sentiment of small',
        'accept classify of small',
        'ask small for a draft',
      ],
    },
  ],
]);

table('what becomes of the draft', [
  [
    'a sure draft that no customer reads is sent as it is',
    {
      given: [form, ...understood],
      when: answered('draft', 0.9),
      want: ['accept draft of small', 'send "a draft" by small'],
    },
  ],
  [
    'under the threshold the big model polishes it',
    {
      given: [form, ...understood],
      when: answered('draft', 0.6),
      want: ['escalate draft of small', 'ask big for the polish'],
    },
  ],
  [
    'a customer reads it: polished, however sure',
    {
      given: [email, ...understood],
      when: answered('draft', 0.99),
      want: ['escalate draft of small', 'ask big for the polish'],
    },
  ],
  [
    'the message may say for itself that no customer reads the reply',
    {
      given: [received({ channel: 'email', customerFacing: false }), ...understood],
      when: answered('draft', 0.9),
      want: ['accept draft of small', 'send "a draft" by small'],
    },
  ],
  [
    'or that one does',
    {
      given: [received({ customerFacing: true }), ...understood],
      when: answered('draft', 0.9),
      want: ['escalate draft of small', 'ask big for the polish'],
    },
  ],
  [
    'three questions need depth',
    {
      given: [received({ text: 'Where is it? When? And why??' }), ...understood],
      when: answered('draft', 0.9),
      want: ['escalate draft of small', 'ask big for the polish'],
    },
  ],
  [
    'a long message needs depth',
    {
      given: [received({ text: 'a'.repeat(1_000) }), ...understood],
      when: answered('draft', 0.9),
      want: ['escalate draft of small', 'ask big for the polish'],
    },
  ],
  [
    'two attachments need depth',
    {
      given: [received({ attachmentCount: 2 }), ...understood],
      when: answered('draft', 0.9),
      want: ['escalate draft of small', 'ask big for the polish'],
    },
  ],
  [
    'no draft at all: the big model writes one',
    {
      given: [form, ...understood],
      when: failed('draft'),
      want: ['escalate draft of small', 'ask big to draft'],
    },
  ],
  [
    'what the big model wrote from nothing is not polished again',
    {
      given: [email, ...understood, failed('draft')],
      when: answered('draft', 0.9, 'big'),
      want: ['accept draft of big', 'send "a draft" by big'],
    },
  ],
  [
    'a polished reply is sent',
    {
      given: [email, ...understood, answered('draft', 0.9)],
      when: answered('polish', 0.9, 'big'),
      want: ['accept polish of big', 'send "a polished reply" by big'],
    },
  ],
  [
    'a polished reply that the big model doubts is held',
    {
      given: [email, ...understood, answered('draft', 0.9)],
      when: answered('polish', 0.3, 'big'),
      want: ['hold polish of big', 'a person looks at polish'],
    },
  ],
  [
    'some intents always go to a person, with the draft',
    {
      given: [form, classifiedAs('privacy_request', 0.99), ...understood.slice(1)],
      when: answered('draft', 0.99),
      want: ['hold draft of small', 'a person looks at draft'],
    },
  ],
]);

const held = [email, ...understood, answered('draft', 0.9), answered('polish', 0.3, 'big')];

table('a person decides', [
  [
    'approves the held reply',
    {
      given: held,
      when: { type: 'reviewed', decision: 'approve', text: 'a polished reply' },
      want: ['send "a polished reply" by big'],
    },
  ],
  [
    'writes another',
    {
      given: held,
      when: { type: 'reviewed', decision: 'edit', text: 'my own words' },
      want: ['send "my own words" by human'],
    },
  ],
  [
    'sends nothing',
    { given: held, when: { type: 'reviewed', decision: 'reject', text: '' }, want: ['closed'] },
  ],
  [
    'approves where there is nothing to send: nothing happens',
    { given: held, when: { type: 'reviewed', decision: 'approve', text: ' ' }, want: [] },
  ],
  [
    'decides twice: the first word stands',
    {
      given: [...held, { type: 'reviewed', decision: 'reject', text: '' }],
      when: { type: 'reviewed', decision: 'edit', text: 'too late' },
      want: [],
    },
  ],
  [
    'has taken over: an answer that comes later changes nothing',
    {
      given: [form, answered('classify', 0.1), answered('classify', 0.1, 'big')],
      when: answered('extract', 0.99),
      want: [],
    },
  ],
]);

table('silence', [
  ['a deadline that is not yet over', { given: [form], when: { type: 'due', dueAtMs: 59_999 }, want: [] }],
  [
    'no answer from a small model: the big one is asked',
    {
      given: [form, answered('classify', 0.9), answered('sentiment', 0.9)],
      when: { type: 'due', dueAtMs: 60_000 },
      want: ['escalate extract of small', 'ask big to extract'],
    },
  ],
  [
    'no answer from the big model: a person decides',
    {
      given: [form, answered('classify', 0.1)],
      when: { type: 'due', dueAtMs: 121_000 },
      want: ['hold classify of big', 'a person looks at classify'],
    },
  ],
  [
    'the small model’s answer after its deadline is too late',
    {
      given: [form, { type: 'due', dueAtMs: 60_000 }],
      when: answered('classify', 0.99),
      want: [],
    },
  ],
  [
    'no polish in time: a person gets the draft',
    {
      given: [email, ...understood, answered('draft', 0.9)],
      when: { type: 'due', dueAtMs: 200_000 },
      want: ['hold polish of big', 'a person looks at polish'],
    },
  ],
]);

const heldBehind = [received({}, true), answered('classify', 0.1), answered('classify', 0.1, 'big')];

table('replies of one conversation leave in order', [
  [
    'a reply waits for the message before it',
    {
      given: [received({}, true), ...understood],
      when: answered('draft', 0.9),
      want: ['accept draft of small'],
    },
  ],
  [
    'and leaves when that one is out of the way',
    {
      given: [received({}, true), ...understood, answered('draft', 0.9)],
      when: { type: 'turn' },
      want: ['send "a draft" by small'],
    },
  ],
  [
    'a message whose turn comes early is not held up',
    {
      given: [received({}, true), { type: 'turn' }, ...understood],
      when: answered('draft', 0.9),
      want: ['accept draft of small', 'send "a draft" by small'],
    },
  ],
  [
    'what a person wrote waits as well',
    {
      given: [...heldBehind],
      when: { type: 'reviewed', decision: 'edit', text: 'my own words' },
      want: [],
    },
  ],
  [
    'and leaves in its turn',
    {
      given: [...heldBehind, { type: 'reviewed', decision: 'edit', text: 'my own words' }],
      when: { type: 'turn' },
      want: ['send "my own words" by human'],
    },
  ],
  [
    'a message that a person closes waits too: the ones behind it must not pass the one before it',
    {
      given: [...heldBehind, { type: 'reviewed', decision: 'reject', text: '' }],
      when: { type: 'turn' },
      want: ['closed'],
    },
  ],
]);

describe('reasons', () => {
  it('names every reason to polish, with its numbers', () => {
    const { actions } = play([
      received({ channel: 'email', text: 'Where? When? Why?' }),
      ...understood,
      answered('draft', 0.61),
    ]);
    expect(actions.at(-2)).toMatchObject({
      verdict: 'escalate',
      confidence: 0.61,
      threshold: 0.7,
      reasons: [
        'confidence 0.61 is under the threshold 0.70',
        'a customer reads the reply',
        '3 questions, 3 or more need depth',
      ],
    });
  });

  it('gives the person the failure that led there', () => {
    const { actions } = play([form, failed('classify'), failed('classify', 'big')]);
    expect(actions.at(-1)).toMatchObject({ reasons: ['no result from the big model: timed_out'] });
  });
});

const steps: readonly TaskName[] = ['classify', 'extract', 'sentiment', 'draft', 'polish'];
const anyInput: fc.Arbitrary<Input> = fc.oneof(
  fc.record({ channel: fc.constantFrom('form', 'email') }).map((change) => received(change)),
  fc
    .tuple(
      fc.constantFrom(...steps),
      fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
      fc.constantFrom('small' as const, 'big' as const),
    )
    .map(([step, confidence, tier]) => answered(step, confidence, tier)),
  fc
    .tuple(fc.constantFrom(...steps), fc.constantFrom('small' as const, 'big' as const))
    .map(([step, tier]) => failed(step, tier)),
  fc
    .tuple(
      fc.constantFrom(...steps),
      fc.constantFrom('small' as const, 'big' as const),
      fc.option(fc.nat(300_000), { nil: undefined }),
    )
    .map(([step, tier, untilMs]) => overBudget(step, tier, untilMs)),
  fc.nat(300_000).map((dueAtMs) => ({ type: 'due' as const, dueAtMs })),
  fc.constant({ type: 'turn' as const }),
  fc
    .tuple(fc.constantFrom('approve' as const, 'edit' as const, 'reject' as const), fc.string())
    .map(([decision, text]) => ({ type: 'reviewed' as const, decision, text })),
);

const caps = [{ per: 'day', nanos: 1n } as const];
const everyRule: readonly (readonly [string, Policy])[] = [
  ['hold', policy],
  [
    'keep small',
    { ...policy, budgets: { caps, atCap: { rule: 'keep_small', floor: 0.6, customerFacing: true } } },
  ],
  ['queue', { ...policy, budgets: { caps, atCap: { rule: 'queue', longestWaitMs: 200_000 } } }],
  ['no escalations', { ...policy, escalationsStopped: 'too many' }],
];

describe.each(everyRule)('whatever happens, in whatever order, under the rule %s', (_, inForce) => {
  it('a message settles at most once, and a settled one never changes', () => {
    fc.assert(
      fc.property(fc.array(anyInput, { maxLength: 40 }), (inputs) => {
        const { actions } = play(inputs, inForce);
        const end = actions.findIndex(({ type }) => type === 'settle');
        if (end >= 0) expect(actions.slice(end + 1)).toEqual([]);
      }),
    );
  });

  it('the same input again has no effect', () => {
    fc.assert(
      fc.property(fc.array(anyInput, { maxLength: 20 }), anyInput, (inputs, input) => {
        // A deadline event is made after its moment: now is never before `dueAtMs`.
        const once = decide(play(inputs, inForce).kase, input, inForce, 300_000);
        expect(decide(once.kase, input, inForce, 300_000)).toEqual({ kase: once.kase, actions: [] });
      }),
    );
  });

  it('silence never keeps a message: letting every deadline pass ends with a person or a reply', () => {
    fc.assert(
      fc.property(fc.array(anyInput, { maxLength: 30 }), (inputs) => {
        let { kase } = play([received(), ...inputs], inForce);
        for (let dueAtMs = nextDueMs(kase); dueAtMs !== undefined; dueAtMs = nextDueMs(kase)) {
          kase = decide(kase, { type: 'due', dueAtMs }, inForce, dueAtMs).kase;
        }
        expect(['in_review', 'settled', 'ready']).toContain(kase.phase);
      }),
    );
  });

  it('an unknown message is never decided on', () => {
    expect(decide(unknownCase, { type: 'due', dueAtMs: 1 }, inForce, 1).actions).toEqual([]);
  });
});
