import { Controller, Inject } from '@nestjs/common';
import { On, type Received } from '@spillway/bus/on';
import { emit, type Outgoing } from '@spillway/contracts/event';
import { MessageReceivedSchema, StepCompletedSchema } from '@spillway/contracts/events';
import type { StepRunner } from '@spillway/models/runner';
import { inputOf } from './input.js';

export const RUNNER = Symbol('step runner');

/** Says what a message is about. */
@Controller()
export class ClassifierController {
  constructor(@Inject(RUNNER) private readonly runner: StepRunner) {}

  @On(MessageReceivedSchema)
  async classify({ event, signal }: Received<typeof MessageReceivedSchema>): Promise<readonly Outgoing[]> {
    const { conversationId, messageId } = event;
    const request = {
      step: 'classify',
      tier: 'small',
      conversationId,
      messageId,
      input: inputOf(event),
    } as const;
    return [emit(StepCompletedSchema, await this.runner.run(request, signal), 'classify:small')];
  }
}
