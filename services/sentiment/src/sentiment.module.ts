import type { DynamicModule } from '@nestjs/common';
import type { StepRunner } from '@spillway/models/runner';
import { RUNNER, SentimentController } from './sentiment.controller.js';

/** Small model: how the customer feels. */
export class SentimentModule {
  static with({ runner }: { readonly runner: StepRunner }): DynamicModule {
    return {
      module: SentimentModule,
      controllers: [SentimentController],
      providers: [{ provide: RUNNER, useValue: runner }],
    };
  }
}
