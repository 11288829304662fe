import type { Case, Message, StepAnswer, TierName } from '../case.js';
import { unknownCase } from '../case.js';
import { type Action, decide, type Input } from '../decide.js';
import type { Policy, TaskName } from '../policy.js';

const task = { threshold: 0.7, holdBelow: 0.5, fallback: 'escalate' } as const;

/** Threshold 0.7 everywhere, e-mail is read by customers, three questions need depth. */
export const policy: Policy = {
  version: '2026-11-24.1',
  reviewedOn: '2026-11-24',
  tasks: { classify: task, extract: task, sentiment: task, draft: task, polish: task },
  customerFacing: { channels: ['email'] },
  depth: { minCharacters: 1_000, minQuestions: 3, minAttachments: 2 },
  alwaysPerson: ['privacy_request'],
  deadlines: { smallMs: 60_000, bigMs: 120_000 },
};

export const message: Message = {
  channel: 'form',
  text: 'Where is my order?',
  subject: '',
  locale: 'en',
  attachmentCount: 0,
  receivedAtMs: 0,
};

export const received = (change: Partial<Message> = {}, behind = false): Input => ({
  type: 'received',
  message: { ...message, ...change },
  behind,
});

const results: { readonly [T in TaskName]: NonNullable<StepAnswer<T>['result']> } = {
  classify: {
    $typeName: 'spillway.v1.Classification',
    label: 'order_status',
    queue: 'orders',
    alternatives: [],
  },
  extract: { $typeName: 'spillway.v1.Extraction', fields: [] },
  sentiment: { $typeName: 'spillway.v1.Sentiment', mood: 2, alternatives: [] },
  draft: { $typeName: 'spillway.v1.Draft', text: 'a draft', macroId: '', missingFields: [] },
  polish: { $typeName: 'spillway.v1.Polish', text: 'a polished reply' },
};

/** A model's answer with its confidence; `undefined`: the model gives no signal. */
export const answered = (
  step: TaskName,
  confidence: number | undefined,
  tier: TierName = 'small',
): Input => ({
  type: 'answered',
  answer: { step, tier, result: results[step], ...(confidence === undefined ? {} : { confidence }) },
});

export const classifiedAs = (label: string, confidence: number): Input => ({
  type: 'answered',
  answer: { step: 'classify', tier: 'small', result: { ...results.classify, label }, confidence },
});

export const failed = (step: TaskName, tier: TierName = 'small'): Input => ({
  type: 'answered',
  answer: { step, tier, failure: 'timed_out' },
});

/** No answer, because the budget is full; `untilMs`: when it has room again. */
export const overBudget = (step: TaskName, tier: TierName = 'big', untilMs?: number): Input => ({
  type: 'answered',
  answer: {
    step,
    tier,
    failure: 'over_budget, the cap is reached',
    overBudget: untilMs === undefined ? {} : { untilMs },
  },
});

/** Everything up to the draft request: three sure answers. */
export const understood: readonly Input[] = [
  answered('classify', 0.95),
  answered('extract', 0.9),
  answered('sentiment', 0.8),
];

/** An action in one line. */
export function told(action: Action): string {
  switch (action.type) {
    case 'decided':
      return `${action.verdict} ${action.step} of ${action.tier}`;
    case 'draft':
      return 'ask small for a draft';
    case 'ask-big': {
      const asked = action.purpose === 'final' ? 'ask big for the polish' : `ask big to ${action.task}`;
      return action.askedBefore === undefined ? asked : `${asked} (asked ${action.askedBefore} times before)`;
    }
    case 'review':
      return `a person looks at ${action.step}`;
    case 'settle':
      return action.reply === undefined ? 'closed' : `send "${action.reply.text}" by ${action.reply.by}`;
  }
}

/** Runs inputs from the start, one second apart; the case and what was told. */
export function play(
  inputs: readonly Input[],
  inForce: Policy = policy,
): { kase: Case; actions: readonly Action[] } {
  return inputs.reduce<{ kase: Case; actions: readonly Action[] }>(
    (before, input, second) => {
      const { kase, actions } = decide(before.kase, input, inForce, second * 1_000);
      return { kase, actions: [...before.actions, ...actions] };
    },
    { kase: unknownCase, actions: [] },
  );
}
