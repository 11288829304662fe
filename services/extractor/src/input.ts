import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { MessageReceived } from '@spillway/contracts/events';
import type { StepInput } from '@spillway/models/language-model';

/** What the model works on: the message as it came. Time 0 where the event has none. */
export const inputOf = ({ text, subject, locale, receivedAt }: MessageReceived): StepInput => ({
  text,
  subject,
  locale,
  receivedAtMs: receivedAt === undefined ? 0 : timestampMs(receivedAt),
});
