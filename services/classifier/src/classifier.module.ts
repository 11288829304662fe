import type { DynamicModule } from '@nestjs/common';
import type { StepRunner } from '@spillway/models/runner';
import { ClassifierController, RUNNER } from './classifier.controller.js';

/** Small model: what a message is about. */
export class ClassifierModule {
  static with({ runner }: { readonly runner: StepRunner }): DynamicModule {
    return {
      module: ClassifierModule,
      controllers: [ClassifierController],
      providers: [{ provide: RUNNER, useValue: runner }],
    };
  }
}
