import type { DescMessage } from '@bufbuild/protobuf';
import { topicOf } from './event.js';
import {
  AlarmRaisedSchema,
  AuditRecordedSchema,
  AuditRequestedSchema,
  DeadlinePassedSchema,
  DecisionMadeSchema,
  DraftRequestedSchema,
  EventReplayedSchema,
  MessageReceivedSchema,
  MessageSettledSchema,
  PolishRequestedSchema,
  ReviewDecidedSchema,
  ReviewRequestedSchema,
  StepCompletedSchema,
} from './gen/spillway/v1/events_pb.js';

/** Every event type that has a topic of its own. */
export const eventSchemas = [
  MessageReceivedSchema,
  StepCompletedSchema,
  DraftRequestedSchema,
  PolishRequestedSchema,
  DecisionMadeSchema,
  MessageSettledSchema,
  ReviewRequestedSchema,
  ReviewDecidedSchema,
  DeadlinePassedSchema,
  AuditRequestedSchema,
  AuditRecordedSchema,
  AlarmRaisedSchema,
  EventReplayedSchema,
] as const;

/** Consumer group (the service's name) to the event types it reads. Topics are created and checked from this table. */
export const subscriptions = {
  classifier: [MessageReceivedSchema],
  extractor: [MessageReceivedSchema],
  sentiment: [MessageReceivedSchema],
  drafter: [DraftRequestedSchema],
  polisher: [PolishRequestedSchema],
  router: [
    MessageReceivedSchema,
    StepCompletedSchema,
    ReviewDecidedSchema,
    DeadlinePassedSchema,
    AuditRecordedSchema,
  ],
  // What a model was asked for stands in the answers and decisions that follow: such requests leave nothing in the ledger.
  ledger: [
    MessageReceivedSchema,
    StepCompletedSchema,
    DecisionMadeSchema,
    MessageSettledSchema,
    ReviewRequestedSchema,
    ReviewDecidedSchema,
    AuditRequestedSchema,
    AuditRecordedSchema,
    AlarmRaisedSchema,
    EventReplayedSchema,
  ],
} as const satisfies Record<string, readonly DescMessage[]>;

export type Group = keyof typeof subscriptions;

/** Where a group parks what it cannot handle. */
export const deadTopic = (topic: string, group: string): string => `${topic}.${group}.dead`;

/** Where a group puts off what it tries again later. */
export const retryTopic = (topic: string, group: string): string => `${topic}.${group}.retry`;

/** Every dead-letter topic there can be. */
export const deadTopics: readonly string[] = derivedTopics(deadTopic);

/** Every retry topic there can be. */
export const retryTopics: readonly string[] = derivedTopics(retryTopic);

function derivedTopics(derive: (topic: string, group: string) => string): readonly string[] {
  return Object.entries(subscriptions).flatMap(([group, schemas]) =>
    schemas.map((schema) => derive(topicOf(schema), group)),
  );
}
