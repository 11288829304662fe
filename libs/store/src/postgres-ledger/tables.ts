import type { DecisionName, OutcomeName } from '../ledger.js';

/** The tables as they are read; `migrations/` makes them, its functions alone write them. */
export interface Tables {
  readonly messages: MessagesTable;
  readonly contents: ContentsTable;
  readonly steps: StepsTable;
  readonly decisions: DecisionsTable;
  readonly replies: RepliesTable;
  readonly reviews: ReviewsTable;
  readonly dead_letters: DeadLettersTable;
  readonly audits: AuditsTable;
  readonly alarms: AlarmsTable;
  readonly audit_requests: AuditRequestsTable;
  readonly waits: WaitsTable;
  readonly event_replays: EventReplaysTable;
}

interface MessagesTable {
  month: number;
  id: string;
  number: bigint;
  status: number;
  received_at_ms: bigint | null;
  intent: string | null;
  queue: string | null;
}

export interface ContentsTable {
  month: number;
  message_id: string;
  conversation_id: string;
  channel: string;
  customer: string;
  subject: string;
  text: string;
  locale: string;
  customer_facing: boolean | null;
  trace_id: string;
}

interface StepsTable {
  month: number;
  message_id: string;
  slot: number;
  completed_at_ms: bigint;
  model: string | null;
  embedded: boolean;
  cost: bigint | null;
  baseline: bigint | null;
  projected: bigint | null;
  polish: bigint | null;
  input_tokens: bigint | null;
  cached_input_tokens: bigint | null;
  output_tokens: bigint | null;
  reasoning_tokens: bigint | null;
  estimated: boolean;
  confidence: number | null;
  raw_confidence: number | null;
  confidence_source: number;
  latency_ms: number;
  attempts: number;
  failure_code: string | null;
  failure_detail: string | null;
  value: string | null;
}

interface DecisionsTable {
  month: number;
  message_id: string;
  slot: number;
  verdict: number;
  confidence: number | null;
  threshold: number | null;
  reasons: string;
  policy_version: string;
  decided_at_ms: bigint;
}

export interface RepliesTable {
  month: number;
  message_id: string;
  outcome: OutcomeName;
  tier: number;
  text: string;
  settled_at_ms: bigint;
}

interface ReviewsTable {
  month: number;
  id: string;
  number: bigint;
  message_id: string;
  conversation_id: string;
  step: number | null;
  reasons: string | null;
  suggestion: string | null;
  requested_at_ms: bigint | null;
  decision: DecisionName | null;
  reviewer: string | null;
  decided_at_ms: bigint | null;
}

interface DeadLettersTable {
  month: number;
  event_id: string;
  consumer: string;
  message_id: string | null;
  topic: string;
  code: string;
  detail: string;
  stops: boolean;
  failed_at_ms: bigint;
  replays: number;
}

interface AuditsTable {
  month: number;
  message_id: string;
  step: number;
  kind: number;
  source: number;
  wrong: boolean | null;
  missing: string | null;
  rate: number;
  confidence: number | null;
  threshold: number | null;
  fingerprint: string;
  policy_version: string;
  reviewer: string;
  audited_at_ms: bigint;
}

interface AlarmsTable {
  month: number;
  message_id: string;
  step: number;
  signal: string;
  policy_version: string;
  statistic: number;
  level: number;
  labels: bigint;
  errors: bigint;
  allowed: number;
  response: string;
  raised_at_ms: bigint;
  since_ms: bigint;
  label_source: number | null;
}

interface AuditRequestsTable {
  month: number;
  message_id: string;
  step: number;
  number: bigint;
  rate: number;
  confidence: number | null;
  threshold: number | null;
  fingerprint: string;
  policy_version: string;
  requested_at_ms: bigint;
  answered: boolean;
}

interface WaitsTable {
  month: number;
  message_id: string;
  step: number;
  until_ms: bigint;
}

interface EventReplaysTable {
  month: number;
  event_id: string;
  consumer: string;
  number: number;
  replayed_at_ms: bigint;
}
