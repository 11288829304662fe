import { Controller, Get, Inject, Query } from '@nestjs/common';
import { checkQuery } from '@spillway/http/check';
import { LEDGER, type Ledger } from '@spillway/store/ledger';
import { auditJson } from './audit-view.js';
import { auditListQuerySchema } from './console.operations.js';

/** What leaves: the drawn messages that wait for a person's label. The gateway takes the labels. */
@Controller('/v1/audits')
export class AuditController {
  constructor(@Inject(LEDGER) private readonly ledger: Ledger) {}

  @Get()
  async list(@Query() query: object): Promise<object> {
    const { limit, cursor } = checkQuery(auditListQuerySchema, query);
    const page = await this.ledger.openAudits({ limit, ...(cursor === undefined ? {} : { cursor }) });
    return { items: page.items.map(auditJson), next_cursor: page.nextCursor };
  }
}
