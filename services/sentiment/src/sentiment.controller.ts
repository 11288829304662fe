import { Controller, Inject } from '@nestjs/common';
import { On, type Received } from '@spillway/bus/on';
import { emit, type Outgoing } from '@spillway/contracts/event';
import { MessageReceivedSchema, StepCompletedSchema } from '@spillway/contracts/events';
import type { StepRunner } from '@spillway/models/runner';
import { inputOf } from './input.js';

export const RUNNER = Symbol('step runner');

/** Says how the customer feels. */
@Controller()
export class SentimentController {
  constructor(@Inject(RUNNER) private readonly runner: StepRunner) {}

  @On(MessageReceivedSchema)
  async sense({ event, signal }: Received<typeof MessageReceivedSchema>): Promise<readonly Outgoing[]> {
    const { conversationId, messageId } = event;
    const request = {
      step: 'sentiment',
      tier: 'small',
      conversationId,
      messageId,
      input: inputOf(event),
    } as const;
    return [emit(StepCompletedSchema, await this.runner.run(request, signal), 'sentiment:small')];
  }
}
