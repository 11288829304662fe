import type { AuditView, StepName, StepTier, StepValue, StepView, VerdictName } from '@spillway/store/ledger';
import type { ExportedMessage } from '../rows.js';

/** A message of the ledger, for specs: what a spec cares about it says itself. */
export const message = (id: string, over: Partial<ExportedMessage> = {}): ExportedMessage => ({
  id,
  conversationId: `conversation of ${id}`,
  customer: '',
  subject: '',
  text: `Where is parcel ${id}?`,
  locale: 'en',
  receivedAtMs: Date.UTC(2026, 10, 24, 10, 0),
  steps: [],
  decisions: [],
  audits: [],
  review: null,
  reply: null,
  ...over,
});

/** A step's answer; one without a value failed. */
export const answered = (step: StepName, tier: StepTier, value: StepValue | null): StepView => ({
  step,
  tier,
  model: tier === 'human' ? null : tier === 'small' ? 'little' : 'frontier',
  embedded: false,
  costNanos: 0n,
  completedAtMs: 0,
  value,
  confidence: null,
  rawConfidence: null,
  confidenceSource: 'none',
  usage: null,
  latencyMs: 0,
  attempts: 1,
  failure: null,
});

export const classified = (label: string): StepValue => ({
  kind: 'classification',
  label,
  queue: '',
  alternatives: [],
});
export const mood = (name: 'negative' | 'neutral' | 'positive'): StepValue => ({
  kind: 'sentiment',
  mood: name,
});
export const extracted = (...fields: readonly (readonly [string, string])[]): StepValue => ({
  kind: 'extraction',
  fields: fields.map(([name, value]) => ({ name, value, confidence: 1, start: 0, end: 0 })),
});
export const drafted = (text: string): StepValue => ({
  kind: 'draft',
  text,
  macroId: 'refund-en',
  missingFields: [],
});
export const polished = (text: string): StepValue => ({ kind: 'polish', text });

/** What three small models understood of a message. */
export const understood: readonly StepView[] = [
  answered('classify', 'small', classified('refund_request')),
  answered('extract', 'small', extracted()),
  answered('sentiment', 'small', mood('neutral')),
];

/** A person's finding on a small answer. */
export const found = (step: StepName, wrong: boolean): AuditView => ({
  step,
  audit: 'person',
  source: 'truth',
  wrong,
  missing: null,
  rate: 0,
  confidence: null,
  threshold: null,
  fingerprint: '',
  policyVersion: '',
  reviewer: 'grace',
  auditedAtMs: 0,
});

/** What the router made of a big model's answer. */
export const ruled = (step: StepName, verdict: VerdictName): ExportedMessage['decisions'][number] => ({
  step,
  tier: 'big',
  verdict,
  reasons: [],
  confidence: null,
  threshold: null,
  policyVersion: '',
  decidedAtMs: 0,
});

/** A reply that was held, and what a person decided; null: nothing yet. */
export const reviewed = (decision: 'approve' | 'edit' | 'reject' | null): ExportedMessage['review'] => ({
  id: 'r',
  messageId: 'm',
  conversationId: 'c',
  step: 'draft',
  reasons: [],
  suggestion: null,
  requestedAtMs: 0,
  decided: decision === null ? null : { decision, reviewer: 'grace', atMs: 0 },
});
