import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { DraftRequested } from '@spillway/contracts/events';
import type { StepInput } from '@spillway/models/language-model';

/** What the model works on: the message, and what is known about it. Time 0 where the event has none. */
export function inputOf(event: DraftRequested): StepInput {
  const { text, subject, locale, receivedAt, classification, extraction, sentiment } = event;
  return {
    text,
    subject,
    locale,
    receivedAtMs: receivedAt === undefined ? 0 : timestampMs(receivedAt),
    ...(classification === undefined ? {} : { classification }),
    ...(extraction === undefined ? {} : { extraction }),
    ...(sentiment === undefined ? {} : { sentiment }),
  };
}
