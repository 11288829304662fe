import { Body, Controller, Get, Headers, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { context, trace } from '@opentelemetry/api';
import { Fault } from '@spillway/contracts/fault';
import type { Caller } from '@spillway/http/api-keys';
import { JSON_LINES } from '@spillway/http/bodies';
import { CallerOf } from '@spillway/http/caller';
import { checkQuery } from '@spillway/http/check';
import type { Reply } from '@spillway/http/request';
import { KEYED_STATE, type KeyedState } from '@spillway/store/keyed-state';
import { LEDGER, type Ledger, type ListQuery } from '@spillway/store/ledger';
import { MESSAGE_ID } from '@spillway/telemetry/names';
import { headersOf } from '@spillway/telemetry/tracing';
import { acceptedJson } from './accepted.js';
import { listQuerySchema } from './gateway.operations.js';
import { Intake } from './intake.js';
import { admitLines } from './message-lines.js';
import { readSubmission } from './message-request.js';
import { headOf, messageJson, receivedJson } from './message-view.js';
import { readReceipt, receiptKey } from './receipt.js';

/** What arrives: messages. What leaves: their receipts, and all that is known of them. */
@Controller('/v1/messages')
export class MessageController {
  constructor(
    @Inject(Intake) private readonly intake: Intake,
    @Inject(KEYED_STATE) private readonly state: KeyedState,
    @Inject(LEDGER) private readonly ledger: Ledger,
  ) {}

  @Post()
  async send(
    @Body() body: unknown,
    @Headers('idempotency-key') key: string | undefined,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<object | string> {
    const now = Date.now();
    if (body instanceof Uint8Array) {
      reply.status(200).header('content-type', JSON_LINES);
      return admitLines(body, this.intake, caller, now);
    }
    const arrival = { ...readSubmission(body, key), trace: headersOf(context.active()) };
    const [receipt] = await this.intake.admit([arrival], caller, now);
    if (receipt === undefined || receipt instanceof Fault) throw Fault.from(receipt);
    trace.getActiveSpan()?.setAttribute(MESSAGE_ID, receipt.id);
    reply.status(202).header('location', `/v1/messages/${receipt.id}`);
    return acceptedJson(receipt);
  }

  @Get()
  async list(@Query() query: object): Promise<object> {
    const page = await this.ledger.list(checkQuery(listQuerySchema, query) as ListQuery);
    const nowMs = Date.now();
    return { items: page.items.map((view) => headOf(view, nowMs)), next_cursor: page.nextCursor };
  }

  @Get(':id')
  async read(@Param('id') id: string): Promise<object> {
    const view = await this.ledger.message(id);
    if (view !== undefined) return messageJson(view, Date.now());
    const receipt = await this.state.get(receiptKey(id));
    if (receipt === undefined) throw new Fault('missing', 'there is no message with this id');
    return receivedJson(readReceipt(receipt.value));
  }
}
