import { Controller, Inject } from '@nestjs/common';
import { On, OnDeadLetter, type Received } from '@spillway/bus/on';
import type { Outgoing } from '@spillway/contracts/event';
import {
  AlarmRaisedSchema,
  AuditRecordedSchema,
  AuditRequestedSchema,
  DeadLetteredSchema,
  DecisionMadeSchema,
  EventReplayedSchema,
  MessageReceivedSchema,
  MessageSettledSchema,
  ReviewDecidedSchema,
  ReviewRequestedSchema,
  StepCompletedSchema,
} from '@spillway/contracts/events';
import { LEDGER, type Ledger } from '@spillway/store/ledger';
import type { Pricing } from './pricing.js';
import { type Carrier, project, type Recorded } from './project.js';

export const PRICING = Symbol('pricing');

const nothing: readonly Outgoing[] = [];
const done = Promise.resolve(nothing);
const toNothing = (): readonly Outgoing[] => nothing;

/** Everything that happened arrives here; nothing leaves but what people and tools read in the ledger. */
@Controller()
export class LedgerController {
  constructor(
    @Inject(LEDGER) private readonly ledger: Ledger,
    @Inject(PRICING) private readonly pricing: Pricing,
  ) {}

  @On(MessageReceivedSchema)
  received({ event, record }: Received<typeof MessageReceivedSchema>): Promise<readonly Outgoing[]> {
    return this.record(event, record);
  }

  @On(StepCompletedSchema)
  completed({ event, record }: Received<typeof StepCompletedSchema>): Promise<readonly Outgoing[]> {
    return this.record(event, record);
  }

  @On(DecisionMadeSchema)
  decided({ event, record }: Received<typeof DecisionMadeSchema>): Promise<readonly Outgoing[]> {
    return this.record(event, record);
  }

  @On(MessageSettledSchema)
  settled({ event, record }: Received<typeof MessageSettledSchema>): Promise<readonly Outgoing[]> {
    return this.record(event, record);
  }

  @On(ReviewRequestedSchema)
  held({ event, record }: Received<typeof ReviewRequestedSchema>): Promise<readonly Outgoing[]> {
    return this.record(event, record);
  }

  @On(ReviewDecidedSchema)
  reviewed({ event, record }: Received<typeof ReviewDecidedSchema>): Promise<readonly Outgoing[]> {
    return this.record(event, record);
  }

  @On(AuditRequestedSchema)
  labelWanted({ event, record }: Received<typeof AuditRequestedSchema>): Promise<readonly Outgoing[]> {
    return this.record(event, record);
  }

  @On(AuditRecordedSchema)
  audited({ event, record }: Received<typeof AuditRecordedSchema>): Promise<readonly Outgoing[]> {
    return this.record(event, record);
  }

  @On(AlarmRaisedSchema)
  alarmed({ event, record }: Received<typeof AlarmRaisedSchema>): Promise<readonly Outgoing[]> {
    return this.record(event, record);
  }

  @On(EventReplayedSchema)
  replayed({ event, record }: Received<typeof EventReplayedSchema>): Promise<readonly Outgoing[]> {
    return this.record(event, record);
  }

  @OnDeadLetter()
  parked({ event, record }: Received<typeof DeadLetteredSchema>): Promise<readonly Outgoing[]> {
    return this.record(event, record);
  }

  private record(event: Recorded, carrier: Carrier): Promise<readonly Outgoing[]> {
    const changes = project(event, carrier, this.pricing);
    return changes.length === 0 ? done : this.ledger.apply(changes).then(toNothing);
  }
}
