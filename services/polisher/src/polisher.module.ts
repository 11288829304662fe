import type { DynamicModule } from '@nestjs/common';
import type { StepRunner } from '@spillway/models/runner';
import { PolisherController, RUNNER } from './polisher.controller.js';

/** Big model: the last pass, and what the small one was not sure of. */
export class PolisherModule {
  static with({ runner }: { readonly runner: StepRunner }): DynamicModule {
    return {
      module: PolisherModule,
      controllers: [PolisherController],
      providers: [{ provide: RUNNER, useValue: runner }],
    };
  }
}
