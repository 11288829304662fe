import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Inject, Injectable } from '@nestjs/common';
import { type Context, context, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { BUS, type Bus } from '@spillway/bus/bus';
import { emit, type Outgoing } from '@spillway/contracts/event';
import { ReviewDecidedSchema, ReviewDecision } from '@spillway/contracts/events';
import { Fault } from '@spillway/contracts/fault';
import { KEYED_STATE, type KeyedState } from '@spillway/store/keyed-state';
import type { DecisionName, ReviewView } from '@spillway/store/ledger';
import { headersOf, tracer } from '@spillway/telemetry/tracing';
import { z } from 'zod';
import type { Ruling } from './review-request.js';

/** Longer than the ledger can take to learn of a decision; from then on it answers for it. */
const KEPT_MS = 30 * 24 * 3_600_000;

/** The decision that stands for a review. */
const verdictSchema = z.object({
  decision: z.enum(['approve', 'edit', 'reject']),
  text: z.string(),
  reviewer: z.string(),
  atMs: z.int(),
});

type Verdict = Readonly<z.infer<typeof verdictSchema>>;

const decisions = {
  approve: ReviewDecision.APPROVE,
  edit: ReviewDecision.EDIT,
  reject: ReviewDecision.REJECT,
} as const satisfies Record<DecisionName, ReviewDecision>;

/** Lets a person decide on a review, once. */
@Injectable()
export class Reviews {
  constructor(
    @Inject(BUS) private readonly bus: Bus,
    @Inject(KEYED_STATE) private readonly state: KeyedState,
  ) {}

  /**
   * Makes a ruling the decision that stands, and publishes it; a repeat of the same ruling changes nothing. The first
   * one stands: another is refused with `conflict`. `traceId` is the message's, so that its trace goes on here.
   */
  async decide(
    review: ReviewView,
    ruling: Ruling,
    reviewer: string,
    traceId: string,
    now: number,
  ): Promise<void> {
    const verdict = await this.stand(review, { ...ruling, reviewer, atMs: now });
    if (verdict.decision !== ruling.decision || verdict.text !== ruling.text) {
      throw new Fault('conflict', `${verdict.reviewer} has decided otherwise: ${verdict.decision}`);
    }
    const span = tracer('console').startSpan('decide review', {}, traceOf(traceId));
    try {
      const headers = headersOf(trace.setSpan(ROOT_CONTEXT, span));
      await this.bus.publish([{ ...decided(review, verdict), headers }]);
    } finally {
      span.end();
    }
  }

  /** The decision that stands: this one, or the one that was there before. */
  private async stand(review: ReviewView, verdict: Verdict): Promise<Verdict> {
    const key = `review:{${review.id}}`;
    const found = await this.state.get(key);
    if (found !== undefined) return verdictSchema.parse(JSON.parse(Buffer.from(found.value).toString()));
    if (review.decided !== null) {
      const { decision, reviewer } = review.decided;
      throw new Fault('conflict', `${reviewer} has decided long ago: ${decision}`);
    }
    try {
      const value = Buffer.from(JSON.stringify(verdict));
      await this.state.write([{ kind: 'put', key, value, expect: 0, ttlMs: KEPT_MS }]);
      return verdict;
    } catch (error) {
      const fault = Fault.from(error);
      // Someone else was first, a moment ago.
      if (fault.code === 'conflict') return this.stand(review, verdict);
      throw fault;
    }
  }
}

/** The message's trace, which the event that leaves here goes on with. The caller's own where it has none. */
function traceOf(traceId: string): Context {
  if (traceId === '') return context.active();
  // What asked for the review ended long ago, and only the trace is on record: any parent in it will do.
  const parent = { traceId, spanId: traceId.slice(16), traceFlags: TraceFlags.SAMPLED, isRemote: true };
  return trace.setSpanContext(ROOT_CONTEXT, parent);
}

function decided(review: ReviewView, verdict: Verdict): Outgoing {
  return emit(
    ReviewDecidedSchema,
    {
      conversationId: review.conversationId,
      messageId: review.messageId,
      reviewId: review.id,
      decision: decisions[verdict.decision],
      text: verdict.text,
      reviewer: verdict.reviewer,
      decidedAt: timestampFromMs(verdict.atMs),
    },
    review.id,
  );
}
