import { Controller, Inject } from '@nestjs/common';
import { On, type Received } from '@spillway/bus/on';
import { emit, type Outgoing } from '@spillway/contracts/event';
import { DraftRequestedSchema, StepCompletedSchema } from '@spillway/contracts/events';
import type { StepRunner } from '@spillway/models/runner';
import { inputOf } from './input.js';

export const RUNNER = Symbol('step runner');

/** Drafts the reply once it is known what a message is about. */
@Controller()
export class DrafterController {
  constructor(@Inject(RUNNER) private readonly runner: StepRunner) {}

  @On(DraftRequestedSchema)
  async draft({ event, signal }: Received<typeof DraftRequestedSchema>): Promise<readonly Outgoing[]> {
    const { conversationId, messageId } = event;
    const request = {
      step: 'draft',
      tier: 'small',
      conversationId,
      messageId,
      input: inputOf(event),
    } as const;
    return [emit(StepCompletedSchema, await this.runner.run(request, signal), 'draft:small')];
  }
}
