/**
 * Every span attribute and metric of Spillway, with its unit and meaning: literals elsewhere fail review.
 *
 * The messaging.* and gen_ai.* names follow the OpenTelemetry semantic conventions (messaging 1.44, GenAI as of
 * 2026-11); both are still marked "development" there, so they are held here rather than imported.
 */

// Messaging spans.
export const MESSAGING_SYSTEM = 'messaging.system';
export const MESSAGING_OPERATION_NAME = 'messaging.operation.name';
/** `create` (an event is made and handed to the bus) or `process`. */
export const MESSAGING_OPERATION_TYPE = 'messaging.operation.type';
export const MESSAGING_DESTINATION = 'messaging.destination.name';
export const MESSAGING_PARTITION = 'messaging.destination.partition.id';
export const MESSAGING_GROUP = 'messaging.consumer.group.name';
/** Id that `emit` gave the event. */
export const MESSAGING_MESSAGE_ID = 'messaging.message.id';
export const MESSAGING_CONVERSATION_ID = 'messaging.message.conversation_id';
export const MESSAGING_OFFSET = 'messaging.kafka.offset';
export const ERROR_TYPE = 'error.type';

// Calls to models.
export const GEN_AI_OPERATION = 'gen_ai.operation.name';
export const GEN_AI_PROVIDER = 'gen_ai.provider.name';
export const GEN_AI_REQUEST_MODEL = 'gen_ai.request.model';
export const GEN_AI_MAX_TOKENS = 'gen_ai.request.max_tokens';
export const GEN_AI_FINISH_REASONS = 'gen_ai.response.finish_reasons';
export const GEN_AI_INPUT_TOKENS = 'gen_ai.usage.input_tokens';
export const GEN_AI_CACHED_TOKENS = 'gen_ai.usage.cache_read.input_tokens';
export const GEN_AI_OUTPUT_TOKENS = 'gen_ai.usage.output_tokens';
export const GEN_AI_REASONING_TOKENS = 'gen_ai.usage.reasoning.output_tokens';
export const GEN_AI_OUTPUT_TYPE = 'gen_ai.output.type';
export const SERVER_ADDRESS = 'server.address';
export const SERVER_PORT = 'server.port';

// HTTP edge.
export const HTTP_METHOD = 'http.request.method';
export const HTTP_ROUTE = 'http.route';
export const HTTP_STATUS = 'http.response.status_code';
export const URL_PATH = 'url.path';
export const URL_SCHEME = 'url.scheme';

// Spillway's own.
/** Id of the customer's message; on every span that takes it in, handles an event of it or makes one. */
export const MESSAGE_ID = 'spillway.message.id';
/** classify, extract, sentiment, draft or polish. */
export const STEP = 'spillway.step';
/** small, big or human. */
export const TIER = 'spillway.tier';
/** Nano-dollars that a call cost; absent when the price is unknown. */
export const COST_NANOS = 'spillway.cost_nanos';
/** True where the tokens are those that a language model would have used: an embedded model uses none. */
export const USAGE_ESTIMATED = 'spillway.usage.estimated';
/** Requests that a call took, the first included. */
export const ATTEMPTS = 'spillway.attempts';
/** Calibrated probability, 0 to 1, that a result is right. */
export const CONFIDENCE = 'spillway.confidence';
/** What the policy compared the confidence with, 0 to 1. */
export const THRESHOLD = 'spillway.threshold';
/** accept, escalate or hold. */
export const VERDICT = 'spillway.verdict';
/** First reason of a decision. */
export const REASON = 'spillway.reason';
export const POLICY_VERSION = 'spillway.policy.version';
/** True when a recorded result was found and no call was made. */
export const RECORDED = 'spillway.call.recorded';

interface MetricName {
  readonly name: string;
  readonly help: string;
}

const metric = (name: string, help: string): MetricName => ({ name, help });

export const HTTP_REQUEST_SECONDS = metric(
  'spillway_http_request_seconds',
  'Time to answer an HTTP request, seconds, by method, route and status.',
);
export const EVENTS_HANDLED = metric(
  'spillway_events_handled_total',
  'Events handled, by group, topic and result (ok, retried, dead).',
);
export const EVENT_SECONDS = metric('spillway_event_seconds', 'Time to handle one event, seconds, by group.');
export const BUS_LAG = metric('spillway_bus_lag', 'Events appended and not done yet, by group.');
export const BUS_IN_FLIGHT = metric('spillway_bus_in_flight', 'Events being handled, by group.');
export const BUS_OLDEST_SECONDS = metric(
  'spillway_bus_oldest_seconds',
  'Age of the oldest unfinished event, seconds, by group.',
);
export const BUS_PARTITIONS = metric(
  'spillway_bus_partitions',
  'Partitions that this process reads, by group.',
);
export const BUS_PAUSED = metric(
  'spillway_bus_paused_partitions',
  'Partitions that are not read on because enough is held, by group.',
);
export const BUS_ASSIGNMENTS = metric(
  'spillway_bus_assignments_total',
  'Times that partitions were shared out anew, a process’s first time included, by group.',
);
export const MODEL_CALLS = metric(
  'spillway_model_calls_total',
  'Calls to models, by model, step and result (a finish reason or a fault code).',
);
export const MODEL_SECONDS = metric(
  'spillway_model_seconds',
  'Time of a call with all attempts, seconds, by model and step.',
);
export const MODEL_TOKENS = metric(
  'spillway_model_tokens_total',
  'Tokens, by model and class (input, cached, output, reasoning).',
);
export const MODEL_COST_NANOS = metric(
  'spillway_model_cost_nanos_total',
  'Money spent, nano-dollars, by model. Calls of unknown price are in spillway_model_unpriced_total.',
);
export const MODEL_UNPRICED = metric(
  'spillway_model_unpriced_total',
  'Calls whose price is unknown, by model.',
);
export const BUDGET_SPENT_NANOS = metric(
  'spillway_budget_spent_nanos',
  'Money that calls are known to have cost in the present day or month, nano-dollars, by cap (model and per). ' +
    'The same in every process: take the greatest, not the sum.',
);
export const BUDGET_RESERVED_NANOS = metric(
  'spillway_budget_reserved_nanos',
  'Money set aside for calls under way or of unknown cost, nano-dollars, by cap (model and per). As above.',
);
export const BUDGET_CAP_NANOS = metric(
  'spillway_budget_cap_nanos',
  'Most that may be spent in a day or month, nano-dollars, by cap (model and per).',
);
export const BUDGET_REJECTIONS = metric(
  'spillway_budget_rejections_total',
  'Calls that were not made because a cap had no room, by model and cap (its model or all, and per).',
);
export const BUDGET_UNSETTLED = metric(
  'spillway_budget_unsettled_total',
  'Calls that the budget could not be told the cost of: their upper bound counts. By model.',
);
export const CALLS_PAID_TWICE = metric(
  'spillway_model_calls_paid_twice_total',
  'Calls whose result was discarded, because another process had taken them over and made them again.',
);
export const DECISIONS = metric(
  'spillway_decisions_total',
  'Decisions of the router, by step, tier and verdict.',
);
export const DECISION_CONFIDENCE = metric(
  'spillway_decision_confidence',
  'Calibrated confidence that the router acted on, 0 to 1, by step.',
);
export const ESCALATIONS_STOPPED = metric(
  'spillway_escalations_stopped',
  '1 while too many messages escalate, so that a person decides in their place, else 0. By this process.',
);
export const MESSAGES_SETTLED = metric('spillway_messages_settled_total', 'Messages settled, by outcome.');
export const SPANS_LOST = metric(
  'spillway_spans_lost_total',
  'Spans that never reached the OTLP endpoint: it failed, or took them too slowly.',
);
export const POLICY_REVIEW_AGE_DAYS = metric(
  'spillway_policy_review_age_days',
  'Days since the policy was reviewed.',
);
export const CERTIFICATE_FROZEN = metric(
  'spillway_certificate_frozen',
  '1 where the last small answer was not one that the certificate is for, by step.',
);
export const SHADOW_LABELS = metric(
  'spillway_shadow_labels_total',
  'Kept small answers with a label of the audit, by step and source (truth: a person’s; agreement: the big model’s answer).',
);
export const SHADOW_ERRORS = metric(
  'spillway_shadow_errors_total',
  'Kept small answers that the label of the audit differs from, by step and source: wrong by a person’s word (truth), or ' +
    'not what the big model answers (agreement).',
);
export const DRIFT_STATISTIC = metric(
  'spillway_drift_statistic',
  'Statistic of a drift detector, by step, signal (wrong, below_threshold, out_of_scope, outside_labels, ' +
    'off_schema) and source of the labels (truth, agreement, or none); an alarm is raised where it reaches 24,000 for each signal that is watched.',
);
export const DRIFT_ALARMS = metric(
  'spillway_drift_alarms_total',
  'Drift alarms raised by this process, by step, signal (wrong, below_threshold, out_of_scope, outside_labels, off_schema) ' +
    'and source of the labels (truth, agreement, or none).',
);
