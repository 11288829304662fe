import type { DynamicModule } from '@nestjs/common';
import { LEDGER, type Ledger } from '@spillway/store/ledger';
import { LedgerController, PRICING } from './ledger.controller.js';
import { type PriceList, pricingOf } from './pricing.js';

/** What the ledger service works with; whoever opened the ledger closes it, after the service. */
export interface LedgerParts {
  readonly ledger: Ledger;
  /** For its models and prices. */
  readonly pack: PriceList;
}

/** Projects every event into the ledger. It needs no order: let the bus hand it as much at once as it can. */
export class LedgerModule {
  static with({ ledger, pack }: LedgerParts): DynamicModule {
    return {
      module: LedgerModule,
      controllers: [LedgerController],
      providers: [
        { provide: LEDGER, useValue: ledger },
        { provide: PRICING, useValue: pricingOf(pack) },
      ],
    };
  }
}
