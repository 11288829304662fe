import { timestampMs } from '@bufbuild/protobuf/wkt';
import { PolishPurpose, type PolishRequested } from '@spillway/contracts/events';
import { Fault } from '@spillway/contracts/fault';
import { Step } from '@spillway/contracts/model';
import type { StepInput, StepName } from '@spillway/models/language-model';
import type { StepRequest } from '@spillway/models/runner';

const steps: Readonly<Record<Step, StepName | undefined>> = {
  [Step.UNSPECIFIED]: undefined,
  [Step.CLASSIFY]: 'classify',
  [Step.EXTRACT]: 'extract',
  [Step.SENTIMENT]: 'sentiment',
  [Step.DRAFT]: 'draft',
  [Step.POLISH]: 'polish',
};

const purposes: Readonly<Partial<Record<PolishPurpose, 'escalation' | 'audit'>>> = {
  [PolishPurpose.ESCALATION]: 'escalation',
  [PolishPurpose.AUDIT]: 'audit',
};

/**
 * What the big model is to do: polish the reply, redo the task that the small model was not sure of, or do one that it
 * was sure of, for the audit.
 * Throws `malformed` for a purpose or a task that is none.
 */
export function requestOf(event: PolishRequested): StepRequest {
  const { conversationId, messageId, purpose } = event;
  const { askedBefore } = event;
  const common = { tier: 'big', conversationId, messageId, askedBefore, input: inputOf(event) } as const;
  if (purpose === PolishPurpose.FINAL) return { ...common, step: 'polish', purpose: 'final' };
  const step = steps[event.task];
  const name = purposes[purpose];
  if (name === undefined || step === undefined) {
    throw new Fault('malformed', `the big model is asked for purpose ${purpose} of task ${event.task}`);
  }
  return { ...common, step, purpose: name };
}

/** The message with whatever is known about it. Time 0 where the event has none. */
function inputOf(event: PolishRequested): StepInput {
  const { text, subject, locale, receivedAt, classification, extraction, sentiment } = event;
  const { draft, draftConfidence } = event;
  return {
    text,
    subject,
    locale,
    receivedAtMs: receivedAt === undefined ? 0 : timestampMs(receivedAt),
    ...(classification === undefined ? {} : { classification }),
    ...(extraction === undefined ? {} : { extraction }),
    ...(sentiment === undefined ? {} : { sentiment }),
    ...(draft === undefined ? {} : { draft }),
    ...(draftConfidence === undefined ? {} : { draftConfidence }),
  };
}
