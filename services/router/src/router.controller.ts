import { timestampMs } from '@bufbuild/protobuf/wkt';
import { Controller, Inject } from '@nestjs/common';
import { On, type Received } from '@spillway/bus/on';
import type { Outgoing } from '@spillway/contracts/event';
import {
  DeadlinePassedSchema,
  MessageReceivedSchema,
  ReviewDecidedSchema,
  StepCompletedSchema,
} from '@spillway/contracts/events';
import type { Arrival, CaseProcess } from './case.process.js';
import { answerOf, messageOf, reviewOf } from './input.js';

export const CASE_PROCESS = Symbol('case process');

/** The only place that decides: every event of a message comes here, and every request and outcome leaves from here. */
@Controller()
export class RouterController {
  constructor(@Inject(CASE_PROCESS) private readonly cases: CaseProcess) {}

  @On(MessageReceivedSchema)
  received({ event, ...rest }: Received<typeof MessageReceivedSchema>): Promise<readonly Outgoing[]> {
    return this.arrived(event, rest, { type: 'received', message: messageOf(event) });
  }

  @On(StepCompletedSchema)
  answered({ event, ...rest }: Received<typeof StepCompletedSchema>): Promise<readonly Outgoing[]> {
    return this.arrived(event, rest, { type: 'answered', answer: answerOf(event) });
  }

  @On(ReviewDecidedSchema)
  reviewed({ event, ...rest }: Received<typeof ReviewDecidedSchema>): Promise<readonly Outgoing[]> {
    return this.arrived(event, rest, reviewOf(event));
  }

  @On(DeadlinePassedSchema)
  due({ event, ...rest }: Received<typeof DeadlinePassedSchema>): Promise<readonly Outgoing[]> {
    const dueAtMs = event.dueAt === undefined ? 0 : timestampMs(event.dueAt);
    return this.arrived(event, rest, { type: 'due', dueAtMs });
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
