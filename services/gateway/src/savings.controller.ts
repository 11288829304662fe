import { Controller, Get, Inject, Query } from '@nestjs/common';
import { checkQuery } from '@spillway/http/check';
import { LEDGER, type Ledger } from '@spillway/store/ledger';
import { savingsJson, savingsQuerySchema } from './savings-view.js';

/** What leaves: the bill of a span of time. */
@Controller('/v1/savings')
export class SavingsController {
  constructor(@Inject(LEDGER) private readonly ledger: Ledger) {}

  @Get()
  async read(@Query() query: object): Promise<object> {
    const { from, to } = checkQuery(savingsQuerySchema, query);
    const span = {
      ...(from === undefined ? {} : { fromMs: from }),
      ...(to === undefined ? {} : { toMs: to }),
    };
    return savingsJson(await this.ledger.savings(span), span);
  }
}
