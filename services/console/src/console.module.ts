import type { DynamicModule } from '@nestjs/common';
import { BUS, type Bus } from '@spillway/bus/bus';
import { KEYED_STATE, type KeyedState } from '@spillway/store/keyed-state';
import { LEDGER, type Ledger } from '@spillway/store/ledger';
import { AuditController } from './audit.controller.js';
import { ReviewController } from './review.controller.js';
import { Reviews } from './reviews.js';

/** What the console works with; whoever made them closes them, after the server. */
export interface ConsoleParts {
  readonly bus: Bus;
  readonly state: KeyedState;
  readonly ledger: Ledger;
}

/** The desk for people: shows what is held and what is to be labelled, and takes their decisions. */
export class ConsoleModule {
  static with({ bus, state, ledger }: ConsoleParts): DynamicModule {
    return {
      module: ConsoleModule,
      controllers: [AuditController, ReviewController],
      providers: [
        { provide: BUS, useValue: bus },
        { provide: KEYED_STATE, useValue: state },
        { provide: LEDGER, useValue: ledger },
        Reviews,
      ],
    };
  }
}
