import type { MessageView, StepName, StepValue, StepView } from '@spillway/store/ledger';
import type { LeftOutReason } from './left-out.js';
import type { ReplyFrame } from './reply-frame.js';

/** Whose word an answer is: a person's (label, edit, approval) or the big model's (escalation, polish, audit). */
export type Origin = 'labelled' | 'edited' | 'approved' | 'escalated' | 'polished' | 'audited';

/** The sources that one asks for. */
export const sourceOrigins = {
  corrected: ['labelled', 'edited', 'approved'],
  big: ['escalated', 'polished', 'audited'],
} as const satisfies Readonly<Record<string, readonly Origin[]>>;
export type Source = keyof typeof sourceOrigins;

export const isPersons = (origin: Origin): boolean =>
  (sourceOrigins.corrected as readonly Origin[]).includes(origin);

/** An answer that a small model may learn from. */
export interface TrustedAnswer {
  readonly origin: Origin;
  readonly value: StepValue;
  /** Name of the big model; null for a person's word. */
  readonly model: string | null;
  /** True where that is no language model. */
  readonly embedded: boolean;
}

/** What is needed of a message. */
export type AnsweredMessage = Pick<MessageView, 'steps' | 'decisions' | 'audits' | 'review' | 'reply'>;

export type Found = TrustedAnswer | { readonly left: LeftOutReason } | undefined;

/**
 * The best answer to a step that the ledger has of a message: a person's before the big model's. Undefined where neither
 * said anything; a reason where what was said is not to be learned.
 */
export function trustedAnswer(
  message: AnsweredMessage,
  step: StepName,
  sources: ReadonlySet<Source>,
  frame: ReplyFrame,
): Found {
  const found =
    step === 'draft' || step === 'polish' ? trustedReply(message, step, frame) : trustedLabel(message, step);
  if (found === undefined || 'left' in found) return found;
  if (sources.has(isPersons(found.origin) ? 'corrected' : 'big')) return found;
  return isPersons(found.origin) ? bigAlone(message, step, found.value) : undefined;
}

const valueAt = ({ steps }: AnsweredMessage, step: StepName, tier: StepView['tier']) =>
  steps.find((each) => each.step === step && each.tier === tier && each.value !== null) as
    | (StepView & { readonly value: StepValue })
    | undefined;

const persons = (origin: Origin, value: StepValue): TrustedAnswer => ({
  origin,
  value,
  model: null,
  embedded: false,
});

const bigs = (
  origin: Origin,
  { model, embedded, value }: StepView & { readonly value: StepValue },
): TrustedAnswer => ({ origin, value, model, embedded });

function trustedLabel(message: AnsweredMessage, step: StepName): Found {
  const label = valueAt(message, step, 'human');
  return label === undefined ? bigLabel(message, step) : persons('labelled', label.value);
}

function bigLabel(message: AnsweredMessage, step: StepName): Found {
  const escalated = valueAt(message, step, 'big');
  if (escalated !== undefined) {
    const held = message.decisions.some(
      (each) => each.step === step && each.tier === 'big' && each.verdict === 'hold',
    );
    return held ? { left: 'big_unsure' } : bigs('escalated', escalated);
  }
  const audited = valueAt(message, step, 'audit');
  return audited === undefined ? undefined : bigs('audited', audited);
}

/** What is there where people's words are not asked for: the big model's, unless a person knew better. */
function bigAlone(message: AnsweredMessage, step: StepName, persons: StepValue): Found {
  if (step === 'draft' || step === 'polish') return undefined;
  const big = bigLabel(message, step);
  if (big === undefined || 'left' in big) return big;
  return sameLabel(big.value, persons) ? big : { left: 'contradicted_by_person' };
}

function sameLabel(one: StepValue, other: StepValue): boolean {
  if (one.kind === 'classification') return other.kind === one.kind && other.label === one.label;
  if (one.kind === 'sentiment') return other.kind === one.kind && other.mood === one.mood;
  if (one.kind !== 'extraction' || other.kind !== one.kind) return false;
  const form = ({ fields }: typeof one): string =>
    JSON.stringify(fields.map(({ name, value }) => [name, value.toLowerCase()]).sort());
  return form(one) === form(other);
}

function trustedReply(message: AnsweredMessage, step: 'draft' | 'polish', frame: ReplyFrame): Found {
  const decided = message.review?.decided;
  if (decided === null) return { left: 'in_review' };
  const wrongDraft = labelledWrong(message, ['draft']);
  if (decided !== undefined && decided.decision !== 'reject' && message.reply !== null) {
    const edited = decided.decision === 'edit';
    // A draft that went out as it was is no polish.
    if (step === 'polish' && message.reply.by === 'small') return undefined;
    return persons(edited ? 'edited' : 'approved', replyValue(message, step, message.reply.text, frame));
  }
  if (decided?.decision === 'reject' || wrongDraft) return { left: 'rejected_by_person' };
  const small = valueAt(message, 'draft', 'small');
  if (step === 'draft' && small !== undefined && labelledRight(message))
    return persons('labelled', small.value);
  const big = bigReply(message, step, frame);
  if (big !== undefined && labelledWrong(message, ['classify', 'extract', 'sentiment'])) {
    return { left: 'built_on_wrong_step' };
  }
  return big;
}

function bigReply(message: AnsweredMessage, step: 'draft' | 'polish', frame: ReplyFrame): Found {
  const polish = valueAt(message, 'polish', 'big');
  if (step === 'polish') return polish === undefined ? undefined : bigs('polished', polish);
  const draft = valueAt(message, 'draft', 'big');
  if (draft !== undefined) return bigs('escalated', draft);
  if (polish?.value.kind !== 'polish') return undefined;
  return bigs('polished', { ...polish, value: replyValue(message, step, polish.value.text, frame) });
}

const labelsOfPersons = ({ audits }: AnsweredMessage, wrong: boolean): readonly StepName[] =>
  audits.filter((each) => each.audit === 'person' && each.wrong === wrong).map(({ step }) => step);

const labelledWrong = (message: AnsweredMessage, steps: readonly StepName[]): boolean =>
  labelsOfPersons(message, true).some((step) => steps.includes(step));

const labelledRight = (message: AnsweredMessage): boolean =>
  labelsOfPersons(message, false).includes('draft');

/** A reply as the step's result. Greeting and closing are the polish's: a draft has none. */
function replyValue(
  message: AnsweredMessage,
  step: 'draft' | 'polish',
  text: string,
  frame: ReplyFrame,
): StepValue {
  if (step === 'polish') return { kind: 'polish', text };
  const built = (valueAt(message, 'draft', 'big') ?? valueAt(message, 'draft', 'small'))?.value;
  return {
    kind: 'draft',
    text: frame.bodyOf(text),
    macroId: built?.kind === 'draft' ? built.macroId : null,
    missingFields: built?.kind === 'draft' ? built.missingFields : [],
  };
}
