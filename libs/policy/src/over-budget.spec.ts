import { describe, expect, it } from 'vitest';
import type { CapRule } from './budgets.js';
import { decide, type Input } from './decide.js';
import type { DriftAlarm } from './drift-alarm.js';
import type { Policy } from './policy.js';
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

const HOUR_MS = 3_600_000;
const midnight = 10 * HOUR_MS;

const hold: CapRule = { rule: 'hold' };
const keep: CapRule = { rule: 'keep_small', floor: 0.6, customerFacing: false };
const keepForAll: CapRule = { rule: 'keep_small', floor: 0.6, customerFacing: true };
const queue: CapRule = { rule: 'queue', longestWaitMs: 24 * HOUR_MS };

const under = (atCap: CapRule) => ({
  ...policy,
  budgets: { caps: [{ per: 'day', nanos: 1n } as const], atCap },
});

/** What the last of the inputs leads to. */
function outcome(rule: CapRule, inputs: readonly Input[]): readonly string[] {
  const before = play(inputs.slice(0, -1), under(rule)).actions.length;
  return play(inputs, under(rule)).actions.slice(before).map(told);
}

const form = received();
const email = received({ channel: 'email' });
const raised: DriftAlarm = {
  signal: 'wrong',
  response: 'escalate',
  raisedAtMs: 0,
  sinceMs: 0,
  labels: 40,
  errors: 9,
  allowed: 0.05,
};
const unsure = answered('classify', 0.65);
const veryUnsure = answered('classify', 0.3);
const drafted = (mail: Input, confidence: number): readonly Input[] => [
  mail,
  ...understood,
  answered('draft', confidence),
];
const someoneLooks = (step: string) => [`hold ${step} of big`, `a person looks at ${step}`];
const theDraftLeaves = ['accept polish of big', 'send "a draft" by small'];
const waiting: readonly Input[] = [
  form,
  ...understood.slice(1),
  unsure,
  overBudget('classify', 'big', midnight),
];
const dayBegins: Input = { type: 'due', dueAtMs: midnight };
const nextDayBegins: Input = { type: 'due', dueAtMs: 2 * midnight };

describe('the budget is full', () => {
  it.each<[string, CapRule, readonly Input[], readonly string[]]>([
    ['hold: a person decides', hold, [form, unsure, overBudget('classify')], someoneLooks('classify')],
    [
      'keep small: an answer that reaches the floor stands',
      keep,
      [form, unsure, overBudget('classify')],
      ['accept classify of big'],
    ],
    [
      'keep small: so does one about a message whose reply a customer reads',
      keep,
      [email, unsure, overBudget('classify')],
      ['accept classify of big'],
    ],
    [
      'keep small: the kept answer leads on to the draft like any other',
      keep,
      [form, ...understood.slice(1), unsure, overBudget('classify')],
      ['accept classify of big', 'ask small for a draft'],
    ],
    [
      'keep small: under the floor a person decides',
      keep,
      [form, veryUnsure, overBudget('classify')],
      someoneLooks('classify'),
    ],
    [
      'keep small: no confidence reaches no floor',
      keep,
      [form, answered('classify', undefined), overBudget('classify')],
      someoneLooks('classify'),
    ],
    [
      'keep small: a small model that failed left nothing to keep',
      keep,
      [form, failed('classify'), overBudget('classify')],
      someoneLooks('classify'),
    ],
    [
      'keep small: an intent that always goes to a person still does',
      keep,
      [
        form,
        ...understood.slice(1),
        classifiedAs('privacy_request', 0.65),
        overBudget('classify'),
        answered('draft', 0.9),
      ],
      ['hold draft of small', 'a person looks at draft'],
    ],
    [
      'keep small: an agent gets the unpolished draft',
      keep,
      [...drafted(form, 0.65), overBudget('polish')],
      theDraftLeaves,
    ],
    [
      'keep small: a customer never reads an unpolished draft, however sure',
      keep,
      [...drafted(email, 0.99), overBudget('polish')],
      someoneLooks('polish'),
    ],
    [
      'keep small: unless the policy says so',
      keepForAll,
      [...drafted(email, 0.65), overBudget('polish')],
      theDraftLeaves,
    ],
    [
      'keep small: a draft under the floor is for a person, whoever reads it',
      keepForAll,
      [...drafted(form, 0.59), overBudget('polish')],
      someoneLooks('polish'),
    ],
    [
      'keep small: there is no draft where the small model gave none',
      keepForAll,
      [form, ...understood, failed('draft'), overBudget('draft')],
      someoneLooks('draft'),
    ],
    ['queue: the message waits', queue, waiting, ['wait classify of big']],
    [
      'queue: when the cap begins anew the big model is asked again',
      queue,
      [...waiting, dayBegins],
      ['ask big to classify (asked 1 times before)'],
    ],
    [
      'queue: and its answer counts',
      queue,
      [...waiting, dayBegins, answered('classify', 0.9, 'big')],
      ['accept classify of big', 'ask small for a draft'],
    ],
    [
      'queue: full again, the message waits again',
      queue,
      [...waiting, dayBegins, overBudget('classify', 'big', 2 * midnight), nextDayBegins],
      ['ask big to classify (asked 2 times before)'],
    ],
    [
      'queue: a draft waits for its polish',
      queue,
      [...drafted(email, 0.9), overBudget('polish', 'big', midnight), dayBegins],
      ['ask big for the polish (asked 1 times before)'],
    ],
    [
      'queue: the deadline of a step does not wake it',
      queue,
      [...waiting, { type: 'due', dueAtMs: midnight - 1 }],
      [],
    ],
    [
      'queue: an answer that comes while it waits was not asked for',
      queue,
      [...waiting, answered('classify', 0.9, 'big')],
      [],
    ],
    [
      'queue: silence after the second question leads to a person, as ever',
      queue,
      [...waiting, dayBegins, nextDayBegins],
      someoneLooks('classify'),
    ],
    [
      'queue: a wait until next month is too long for a customer',
      queue,
      [form, unsure, overBudget('classify', 'big', 25 * HOUR_MS)],
      someoneLooks('classify'),
    ],
    [
      'queue: a call that never fits is not waited for',
      queue,
      [form, unsure, overBudget('classify')],
      someoneLooks('classify'),
    ],
    [
      'a person took over meanwhile: nobody is asked any more',
      queue,
      [
        form,
        unsure,
        overBudget('classify', 'big', midnight),
        failed('extract'),
        failed('extract', 'big'),
        dayBegins,
      ],
      [],
    ],
    [
      'a small model that may not be called leads to no dearer call',
      keep,
      [form, overBudget('classify', 'small', midnight)],
      ['hold classify of small', 'a person looks at classify'],
    ],
    [
      'queue: it waits as well, and then the big model is asked',
      queue,
      [form, overBudget('extract', 'small', midnight), dayBegins],
      [
        'escalate classify of small',
        'ask big to classify',
        'escalate sentiment of small',
        'ask big to sentiment',
        'ask big to extract (asked 1 times before)',
      ],
    ],
  ])('%s', (_, rule, inputs, want) => expect(outcome(rule, inputs)).toEqual(want));

  it.each<[string, CapRule, readonly Input[], readonly string[]]>([
    [
      'what was kept and why',
      keep,
      [form, unsure, overBudget('classify')],
      ['the budget is full: confidence 0.65 of the small model reaches the floor 0.60'],
    ],
    [
      'why a customer does not get the draft',
      keep,
      [...drafted(email, 0.99), overBudget('polish')],
      ['the budget is full, and a customer would read the draft unpolished'],
    ],
    [
      'until when it waits',
      queue,
      waiting,
      ['the budget is full: the big model is asked at 1970-01-01T10:00:00.000Z'],
    ],
  ])('says %s', (_, rule, inputs, reasons) => {
    const decided = play(inputs, under(rule)).actions.findLast(({ type }) => type === 'decided');
    const cause = 'no result from the big model: over_budget, the cap is reached';
    expect(decided).toMatchObject({ reasons: [...reasons, cause] });
  });
});

describe('the budget is full and the small model is not to be believed', () => {
  const drifted: Policy = {
    ...under(keep),
    alarms: { classify: raised },
  };

  it('keeps nothing while an alarm stands: a person decides', () => {
    const sure = answered('classify', 0.99);
    const { actions } = play([form, sure, overBudget('classify')], drifted);
    expect(actions.map(told).slice(-2)).toEqual(someoneLooks('classify'));
    expect(actions.at(-1)).toMatchObject({
      reasons: [
        'the budget is full',
        expect.stringContaining('drift alarm: 9 of 40 audited answers'),
        'no result from the big model: over_budget, the cap is reached',
      ],
    });
  });
});

describe('escalations are stopped', () => {
  const stopped = { ...policy, escalationsStopped: 'escalations are stopped: 60 of 100 messages' };
  const outcomeOf = (inputs: readonly Input[]): readonly string[] => {
    const { kase } = play(inputs.slice(0, -1));
    return decide(kase, inputs.at(-1) as Input, stopped, 100_000).actions.map(told);
  };

  it.each<[string, readonly Input[], readonly string[]]>([
    ['a sure answer is kept', [form, answered('classify', 0.9)], ['accept classify of small']],
    [
      'a person decides in place of the big model',
      [form, unsure],
      ['hold classify of small', 'a person looks at classify'],
    ],
    [
      'also where the small model failed',
      [form, failed('extract')],
      ['hold extract of small', 'a person looks at extract'],
    ],
    [
      'a draft that needs the big model goes to a person',
      drafted(form, 0.5),
      ['hold draft of small', 'a person looks at draft'],
    ],
    [
      'the polish of a reply to a customer goes on',
      drafted(email, 0.5),
      ['escalate draft of small', 'ask big for the polish'],
    ],
    [
      'a missing draft is no such polish',
      [email, ...understood, failed('draft')],
      ['hold draft of small', 'a person looks at draft'],
    ],
    [
      'what the big model was asked before counts',
      [form, unsure, answered('classify', 0.9, 'big')],
      ['accept classify of big'],
    ],
  ])('%s', (_, inputs, want) => expect(outcomeOf(inputs)).toEqual(want));

  it('an alarm goes on to send everything to the big model, and counts for nothing', () => {
    const alarmed = { ...stopped, alarms: { classify: raised } };
    const { kase, actions } = decide(play([form]).kase, answered('classify', 0.99), alarmed, 0);
    expect(actions.map(told)).toEqual(['escalate classify of small', 'ask big to classify']);
    expect(kase.escalated).toBeUndefined();
  });

  it('says so first', () => {
    const { actions } = decide(play([form]).kase, unsure, stopped, 0);
    expect(actions[0]).toMatchObject({
      reasons: [stopped.escalationsStopped, 'confidence 0.65 is under the threshold 0.70'],
    });
  });

  it.each<[string, readonly Input[], true | undefined]>([
    ['no answer in doubt', [form, answered('classify', 0.9)], undefined],
    ['one in doubt', [form, unsure], true],
    ['a small model that failed', [form, failed('classify')], true],
    ['a draft that goes on to a customer', drafted(email, 0.5), undefined],
    ['a draft in doubt', drafted(form, 0.5), true],
    ['a full budget', [form, overBudget('classify', 'small')], undefined],
  ])('counts a message with %s: %s', (_, inputs, escalated) => {
    expect(play(inputs).kase.escalated).toBe(escalated);
    expect(play(inputs, stopped).kase.escalated).toBe(escalated);
  });
});
