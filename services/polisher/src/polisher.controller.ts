import { Controller, Inject } from '@nestjs/common';
import { On, type Received } from '@spillway/bus/on';
import { emit, type Outgoing } from '@spillway/contracts/event';
import { PolishRequestedSchema, StepCompletedSchema } from '@spillway/contracts/events';
import type { StepRequest, StepRunner } from '@spillway/models/runner';
import { requestOf } from './request.js';

export const RUNNER = Symbol('step runner');

/** Asks the big model: for the last pass over a reply, every task that the small one was not sure of, and the audit. */
@Controller()
export class PolisherController {
  constructor(@Inject(RUNNER) private readonly runner: StepRunner) {}

  @On(PolishRequestedSchema)
  async polish({ event, signal }: Received<typeof PolishRequestedSchema>): Promise<readonly Outgoing[]> {
    const request = requestOf(event);
    return [emit(StepCompletedSchema, await this.runner.run(request, signal), nameOf(request))];
  }
}

/** What tells the answers of one message apart. */
function nameOf({ step, purpose, askedBefore = 0 }: StepRequest): string {
  const name = `${step}:${purpose === 'audit' ? 'audit' : 'big'}`;
  return askedBefore === 0 ? name : `${name}:${askedBefore}`;
}
