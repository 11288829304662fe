import type { Case, Message, Reply, StepAnswer, StepState, TierName } from './case.js';
import { judge } from './judge.js';
import type { Judgement } from './judgement.js';
import type { Policy, TaskName } from './policy.js';

/** Something that happened to a message. */
export type Input =
  /** The message itself. `behind`: an earlier message of its conversation is still open. */
  | { readonly type: 'received'; readonly message: Message; readonly behind: boolean }
  | { readonly type: 'answered'; readonly answer: StepAnswer }
  | { readonly type: 'reviewed'; readonly decision: 'approve' | 'edit' | 'reject'; readonly text: string }
  /** Whatever was due by `dueAtMs` and has not answered is late; whoever waited until then for the budget asks. */
  | { readonly type: 'due'; readonly dueAtMs: number }
  /** The message before it in the conversation is out of the way. */
  | { readonly type: 'turn' };

/** Something to tell the rest of the system. */
export type Action =
  | ({
      readonly type: 'decided';
      readonly step: TaskName;
      readonly tier: TierName;
      readonly confidence?: number;
      /** Which wait of this answer it is, from 1; only the last word on an answer is none. */
      readonly wait?: number;
    } & Judgement)
  /** Ask the small model for a reply. */
  | { readonly type: 'draft' }
  /** Ask the big model: to redo `task`, or for the last pass over the draft. */
  | {
      readonly type: 'ask-big';
      readonly task: TaskName;
      readonly purpose: 'escalation' | 'final';
      /** How often it was asked before, and the budget was full. */
      readonly askedBefore?: number;
    }
  | { readonly type: 'review'; readonly step: TaskName; readonly reasons: readonly string[] }
  | { readonly type: 'settle'; readonly outcome: 'replied' | 'closed'; readonly reply?: Reply };

export interface Turn {
  readonly kase: Case;
  readonly actions: readonly Action[];
}

/** The three steps that run side by side as soon as a message is in. */
const UNDERSTANDING = ['classify', 'extract', 'sentiment'] as const satisfies readonly TaskName[];

const nothing = (kase: Case): Turn => ({ kase, actions: [] });

const withStep = (kase: Case, step: TaskName, state: StepState): Case => ({
  ...kase,
  steps: { ...kase.steps, [step]: state },
});

/** Lets `next` go on from where `turn` ended. */
function then(turn: Turn, next: (kase: Case) => Turn): Turn {
  const { kase, actions } = next(turn.kase);
  return { kase, actions: [...turn.actions, ...actions] };
}

/**
 * Decides what follows from one thing that happened to one message.
 *
 * Pure: time comes in as `nowMs` (milliseconds since the epoch). The same input twice has no second effect, and an
 * answer that nobody waits for (late, repeated, after a person took over) has none at all. A settled case never
 * changes.
 */
export function decide(kase: Case, input: Input, policy: Policy, nowMs: number): Turn {
  switch (input.type) {
    case 'received':
      return received(kase, input.message, input.behind, policy, nowMs);
    case 'answered':
      return answered(kase, input.answer, policy, nowMs);
    case 'due':
      return due(kase, input.dueAtMs, policy, nowMs);
    case 'reviewed':
      return reviewed(kase, input.decision, input.text);
    case 'turn':
      return turnCame(kase);
  }
}

function received(kase: Case, message: Message, behind: boolean, policy: Policy, nowMs: number): Turn {
  if (kase.phase !== 'unknown') return nothing(kase);
  const awaiting = { tier: 'small', dueAtMs: nowMs + policy.deadlines.smallMs } as const;
  const steps = Object.fromEntries(UNDERSTANDING.map((step) => [step, { awaiting }]));
  const early = Object.values(kase.steps).flatMap(({ answer }) => (answer ? [answer] : []));
  return early.reduce<Turn>(
    (turn, answer) => then(turn, (open) => answered(open, answer, policy, nowMs)),
    nothing({ ...kase, phase: 'open', message, behind, steps }),
  );
}

function answered(kase: Case, answer: StepAnswer, policy: Policy, nowMs: number): Turn {
  // An answer can overtake the message that it answers: it is kept until the message is in.
  if (kase.phase === 'unknown') return nothing(withStep(kase, answer.step, { answer }));
  if (kase.phase !== 'open' || kase.steps[answer.step]?.awaiting?.tier !== answer.tier) return nothing(kase);
  const judgement = judge(kase, answer, policy, nowMs);
  const wait = judgement.verdict === 'wait' ? waitsOf(kase, answer.step) + 1 : undefined;
  const decided: Action = {
    type: 'decided',
    step: answer.step,
    tier: answer.tier,
    ...(answer.confidence === undefined ? {} : { confidence: answer.confidence }),
    ...judgement,
    ...(wait === undefined ? {} : { wait }),
  };
  const known = remember(kase, answer);
  const marked: Case = judgement.doubtful ? { ...known, escalated: true } : known;
  return then({ kase: marked, actions: [decided] }, (open) =>
    carryOut(open, answer, judgement, policy, nowMs),
  );
}

const waitsOf = (kase: Case, step: TaskName): number => kase.steps[step]?.askedBefore ?? 0;

/** Keeps the answer where it is a result; an answer that failed leaves an earlier result in its place. */
function remember(kase: Case, answer: StepAnswer): Case {
  const before = kase.steps[answer.step];
  const kept = answer.result === undefined ? before?.answer : answer;
  const { awaiting: _, ...state } = before ?? {};
  const known = withStep(kase, answer.step, { ...state, ...(kept === undefined ? {} : { answer: kept }) });
  const text =
    answer.step === 'draft' || answer.step === 'polish'
      ? (answer as StepAnswer<'draft' | 'polish'>).result?.text
      : undefined;
  return text === undefined ? known : { ...known, reply: { text, by: answer.tier } };
}

function carryOut(kase: Case, answer: StepAnswer, judgement: Judgement, policy: Policy, nowMs: number): Turn {
  if (judgement.verdict === 'hold') return hold(kase, answer.step, judgement.reasons);
  if (judgement.verdict === 'escalate') return escalate(kase, answer, policy, nowMs);
  if (judgement.verdict === 'wait') return wait(kase, answer.step, judgement.untilMs ?? nowMs);
  const accepted = withStep(kase, answer.step, { ...kase.steps[answer.step], accepted: true });
  if (answer.step === 'draft' || answer.step === 'polish') return finish(accepted);
  if (!UNDERSTANDING.every((step) => accepted.steps[step]?.accepted)) return nothing(accepted);
  const awaiting = { tier: 'small', dueAtMs: nowMs + policy.deadlines.smallMs } as const;
  return { kase: withStep(accepted, 'draft', { awaiting }), actions: [{ type: 'draft' }] };
}

/** A draft is polished rather than redone: the big model sees it. Every other task is redone. */
function escalate(kase: Case, answer: StepAnswer, policy: Policy, nowMs: number): Turn {
  const awaiting = { tier: 'big', dueAtMs: nowMs + policy.deadlines.bigMs } as const;
  if (answer.step === 'draft' && answer.result !== undefined) {
    return {
      kase: withStep(kase, 'polish', { awaiting }),
      actions: [{ type: 'ask-big', task: 'polish', purpose: 'final' }],
    };
  }
  return {
    kase: withStep(kase, answer.step, { ...kase.steps[answer.step], awaiting }),
    actions: [{ type: 'ask-big', task: answer.step, purpose: 'escalation' }],
  };
}

/** Until the budget has room: then the big model is asked, whoever was to answer before. */
const wait = (kase: Case, step: TaskName, untilMs: number): Turn =>
  nothing(
    withStep(kase, step, {
      ...kase.steps[step],
      waitingUntilMs: untilMs,
      askedBefore: waitsOf(kase, step) + 1,
    }),
  );

function askAgain(kase: Case, step: TaskName, policy: Policy, nowMs: number): Turn {
  const { waitingUntilMs: _, ...state } = kase.steps[step] ?? {};
  const awaiting = { tier: 'big', dueAtMs: nowMs + policy.deadlines.bigMs } as const;
  const purpose = step === 'polish' ? 'final' : 'escalation';
  const askedBefore = waitsOf(kase, step);
  return {
    kase: withStep(kase, step, { ...state, awaiting }),
    actions: [{ type: 'ask-big', task: step, purpose, askedBefore }],
  };
}

function hold(kase: Case, step: TaskName, reasons: readonly string[]): Turn {
  const steps = Object.fromEntries(
    Object.entries(kase.steps).map(([name, { awaiting: _, waitingUntilMs: __, ...rest }]) => [name, rest]),
  );
  return { kase: { ...kase, phase: 'in_review', steps }, actions: [{ type: 'review', step, reasons }] };
}

/** The end is decided: it comes now, or once the message before it is out of the way. */
const finish = (kase: Case): Turn => (kase.behind ? nothing({ ...kase, phase: 'ready' }) : settle(kase));

/** With the reply that is there, or closed without one. */
function settle(kase: Case): Turn {
  const { reply } = kase;
  return {
    kase: { ...kase, phase: 'settled' },
    actions: [
      reply === undefined
        ? { type: 'settle', outcome: 'closed' }
        : { type: 'settle', outcome: 'replied', reply },
    ],
  };
}

/** The same case where nothing held it up: whoever waits for it was let go before. */
function turnCame(kase: Case): Turn {
  if (!kase.behind) return nothing(kase);
  const ahead = { ...kase, behind: false };
  return kase.phase === 'ready' ? settle(ahead) : nothing(ahead);
}

function due(kase: Case, dueAtMs: number, policy: Policy, nowMs: number): Turn {
  const late = stepsOf(kase).flatMap(([step, { awaiting }]) =>
    awaiting !== undefined && awaiting.dueAtMs <= dueAtMs ? [{ step, tier: awaiting.tier }] : [],
  );
  const decided = late.reduce<Turn>((turn, { step, tier }) => {
    const limitMs = tier === 'small' ? policy.deadlines.smallMs : policy.deadlines.bigMs;
    const answer = { step, tier, failure: `no answer within ${limitMs / 1000} s` };
    return then(turn, (open) => answered(open, answer, policy, nowMs));
  }, nothing(kase));
  return stepsOf(decided.kase)
    .filter(([, { waitingUntilMs }]) => waitingUntilMs !== undefined && waitingUntilMs <= dueAtMs)
    .reduce<Turn>((turn, [step]) => then(turn, (open) => askAgain(open, step, policy, nowMs)), decided);
}

const stepsOf = (kase: Case) => Object.entries(kase.steps) as [TaskName, StepState][];

function reviewed(kase: Case, decision: 'approve' | 'edit' | 'reject', text: string): Turn {
  if (kase.phase !== 'in_review') return nothing(kase);
  if (decision === 'reject') {
    const { reply: _, ...unanswered } = kase;
    return finish(unanswered);
  }
  // Nothing to send is not a decision to send nothing: the case stays with the person.
  if (text.trim() === '') return nothing(kase);
  const by = decision === 'approve' && kase.reply?.text === text ? kase.reply.by : 'human';
  return finish({ ...kase, reply: { text, by } });
}
