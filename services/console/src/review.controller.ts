import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { Fault } from '@spillway/contracts/fault';
import type { Caller } from '@spillway/http/api-keys';
import { CallerOf } from '@spillway/http/caller';
import { checkBody, checkQuery } from '@spillway/http/check';
import { LEDGER, type Ledger, type ReviewView } from '@spillway/store/ledger';
import { reviewListQuerySchema } from './console.operations.js';
import { decisionSchema, rulingOn } from './review-request.js';
import { reviewJson, reviewWithMessageJson } from './review-view.js';
import { Reviews } from './reviews.js';

/** What arrives: a person's decisions. What leaves: the replies that wait for one. */
@Controller('/v1/reviews')
export class ReviewController {
  constructor(
    @Inject(Reviews) private readonly reviews: Reviews,
    @Inject(LEDGER) private readonly ledger: Ledger,
  ) {}

  @Get()
  async list(@Query() query: object): Promise<object> {
    const { limit, cursor } = checkQuery(reviewListQuerySchema, query);
    const page = await this.ledger.reviews({ limit, ...(cursor === undefined ? {} : { cursor }) });
    return { items: page.items.map(reviewJson), next_cursor: page.nextCursor };
  }

  @Get(':id')
  async read(@Param('id') id: string): Promise<object> {
    const review = await this.find(id);
    return reviewWithMessageJson(review, await this.ledger.message(review.messageId));
  }

  @Post(':id')
  @HttpCode(202)
  async decide(@Param('id') id: string, @Body() body: unknown, @CallerOf() caller: Caller): Promise<object> {
    const request = checkBody(decisionSchema, body);
    const review = await this.find(id);
    const ruling = rulingOn(review, request);
    const traceId = (await this.ledger.message(review.messageId))?.traceId ?? '';
    await this.reviews.decide(review, ruling, caller.name, traceId, Date.now());
    return { review_id: id, message_id: review.messageId, decision: ruling.decision, trace_id: traceId };
  }

  private async find(id: string): Promise<ReviewView> {
    const review = await this.ledger.review(id);
    if (review === undefined) throw new Fault('missing', 'there is no review with this id');
    return review;
  }
}
