import type {
  AuditKindName,
  ConfidenceSourceName,
  LabelSourceName,
  MessageStatus,
  StepName,
  StepTier,
  VerdictName,
} from './ledger.js';

/**
 * Names are stored as their place in these lists: append only. A status further down wins over one further up, save that
 * a decided review gives the message back to `in_progress`.
 */
export const statuses = [
  'received',
  'in_progress',
  'failed',
  'in_review',
  'settled',
] as const satisfies readonly MessageStatus[];
export const steps = [
  'classify',
  'extract',
  'sentiment',
  'draft',
  'polish',
] as const satisfies readonly StepName[];
export const tiers = ['small', 'big', 'human', 'audit'] as const satisfies readonly StepTier[];
export const verdicts = ['accept', 'escalate', 'hold'] as const satisfies readonly VerdictName[];

export const sources = [
  'embedded',
  'logprobs',
  'agreement',
  'rule',
  'none',
] as const satisfies readonly ConfidenceSourceName[];

export const auditKinds = ['shadow', 'escalated', 'person'] as const satisfies readonly AuditKindName[];
export const labelSources = ['truth', 'agreement'] as const satisfies readonly LabelSourceName[];

export const IN_PROGRESS = statuses.indexOf('in_progress');
export const FAILED = statuses.indexOf('failed');
export const IN_REVIEW = statuses.indexOf('in_review');
export const SETTLED = statuses.indexOf('settled');

/** Step and tier in one number: the rows of one step are neighbours, its lowest tier first. */
export const slotOf = (step: StepName, tier: StepTier): number =>
  steps.indexOf(step) * 4 + tiers.indexOf(tier);
export const stepOf = (slot: number): StepName => steps[slot >> 2] as StepName;
export const tierOf = (slot: number): StepTier => tiers[slot & 3] as StepTier;

/** First slots of the two steps that the polish estimate rests on. */
export const DRAFT_SLOT = slotOf('draft', 'small');
export const POLISH_SLOT = slotOf('polish', 'small');
export const BIG = tiers.indexOf('big');
export const SHADOW = auditKinds.indexOf('shadow');
