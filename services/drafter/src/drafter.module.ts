import type { DynamicModule } from '@nestjs/common';
import type { StepRunner } from '@spillway/models/runner';
import { DrafterController, RUNNER } from './drafter.controller.js';

/** Small model: a first reply. */
export class DrafterModule {
  static with({ runner }: { readonly runner: StepRunner }): DynamicModule {
    return {
      module: DrafterModule,
      controllers: [DrafterController],
      providers: [{ provide: RUNNER, useValue: runner }],
    };
  }
}
