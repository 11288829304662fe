import type { DynamicModule } from '@nestjs/common';
import type { StepRunner } from '@spillway/models/runner';
import { ExtractorController, RUNNER } from './extractor.controller.js';

/** Small model: the facts in a message. */
export class ExtractorModule {
  static with({ runner }: { readonly runner: StepRunner }): DynamicModule {
    return {
      module: ExtractorModule,
      controllers: [ExtractorController],
      providers: [{ provide: RUNNER, useValue: runner }],
    };
  }
}
