import { timestampMs } from '@bufbuild/protobuf/wkt';
import { Controller, Inject } from '@nestjs/common';
import { On, type Received } from '@spillway/bus/on';
import type { Outgoing } from '@spillway/contracts/event';
import {
  type AuditRecorded,
  AuditRecordedSchema,
  DeadlinePassedSchema,
  MessageReceivedSchema,
  PolishPurpose,
  ReviewDecidedSchema,
  type StepCompleted,
  StepCompletedSchema,
} from '@spillway/contracts/events';
import type { StepAnswer } from '@spillway/policy/case';
import type { Arrival, CaseProcess } from './case.process.js';
import { answerOf, messageOf, reviewOf } from './input.js';

export const CASE_PROCESS = Symbol('case process');
export const AUDITS = Symbol('audits');

/** The audit of what is kept, beside the cases. */
export interface Audits {
  /** Notices every answer before it is decided on. */
  seen(answer: StepAnswer): void;
  /** Holds the big model's answer against the small one's. */
  answered(event: StepCompleted): Promise<readonly Outgoing[]>;
  /** Counts what an audit found. */
  recorded(event: AuditRecorded): Promise<readonly Outgoing[]>;
}

/** The only place that decides: every event of a message comes here, and every request and outcome leaves from here. */
@Controller()
export class RouterController {
  constructor(
    @Inject(CASE_PROCESS) private readonly cases: CaseProcess,
    @Inject(AUDITS) private readonly audits: Audits,
  ) {}

  @On(MessageReceivedSchema)
  received(delivery: Received<typeof MessageReceivedSchema>): Promise<readonly Outgoing[]> {
    const { event } = delivery;
    return this.arrived(event, delivery, { type: 'received', message: messageOf(event) });
  }

  @On(StepCompletedSchema)
  answered(delivery: Received<typeof StepCompletedSchema>): Promise<readonly Outgoing[]> {
    const { event } = delivery;
    // No case waits for an audit, and none may change by it.
    if (event.purpose === PolishPurpose.AUDIT) return this.audits.answered(event);
    const answer = answerOf(event);
    this.audits.seen(answer);
    return this.arrived(event, delivery, { type: 'answered', answer });
  }

  @On(AuditRecordedSchema)
  audited({ event }: Received<typeof AuditRecordedSchema>): Promise<readonly Outgoing[]> {
    return this.audits.recorded(event);
  }

  @On(ReviewDecidedSchema)
  reviewed(delivery: Received<typeof ReviewDecidedSchema>): Promise<readonly Outgoing[]> {
    const { event } = delivery;
    return this.arrived(event, delivery, reviewOf(event));
  }

  @On(DeadlinePassedSchema)
  due(delivery: Received<typeof DeadlinePassedSchema>): Promise<readonly Outgoing[]> {
    const { event } = delivery;
    const dueAtMs = event.dueAt === undefined ? 0 : timestampMs(event.dueAt);
    return this.arrived(event, delivery, { type: 'due', dueAtMs });
  }

  private arrived(
    { conversationId, messageId }: { readonly conversationId: string; readonly messageId: string },
    { id, record, source }: Pick<Received<typeof MessageReceivedSchema>, 'id' | 'record' | 'source'>,
    input: Arrival['input'],
  ): Promise<readonly Outgoing[]> {
    const traceparent = record.headers['traceparent'] ?? '';
    return this.cases.handle({ topic: source, eventId: id, conversationId, messageId, traceparent, input });
  }
}
