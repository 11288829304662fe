import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { Fault } from '@spillway/contracts/fault';
import type { Caller } from '@spillway/http/api-keys';
import { CallerOf } from '@spillway/http/caller';
import { LEDGER, type Ledger } from '@spillway/store/ledger';
import { readLabel, type Vocabulary } from './label-request.js';
import { Labels, VOCABULARY } from './labels.js';

/** What arrives: people's labels of what small models answered. */
@Controller('/v1/messages/:id/labels')
export class LabelController {
  constructor(
    @Inject(Labels) private readonly labels: Labels,
    @Inject(LEDGER) private readonly ledger: Ledger,
    @Inject(VOCABULARY) private readonly vocabulary: Vocabulary,
  ) {}

  @Post()
  @HttpCode(202)
  async label(@Param('id') id: string, @Body() body: unknown, @CallerOf() caller: Caller): Promise<object> {
    const label = readLabel(body, this.vocabulary);
    const view = await this.ledger.message(id);
    if (view === undefined) throw new Fault('missing', 'there is no message with this id');
    const wrong = await this.labels.give(view, label, caller.name, Date.now());
    return { message_id: id, step: label.step, wrong };
  }
}
