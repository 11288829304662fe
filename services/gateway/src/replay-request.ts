import { timestampMs } from '@bufbuild/protobuf/wkt';
import { topicOf } from '@spillway/contracts/event';
import type { DeadLettered } from '@spillway/contracts/events';
import { type FaultCode, reactions } from '@spillway/contracts/fault';
import { deadTopic, eventSchemas, type Group, subscriptions } from '@spillway/contracts/topology';
import { inOrder } from '@spillway/http/check';
import { z } from 'zod';

/** Dead letters that one call may replay. */
const MOST_REPLAYS = 10_000;
/** An event that was replayed so often and failed each time will fail again. */
export const REPLAYS_LIMIT = 3;

const groups = Object.keys(subscriptions) as Group[];
const codes = Object.keys(reactions) as FaultCode[];
const seconds = z.number().min(0);

/** The body of `POST /v1/replays`: which dead letters, and how. What is left out, everything passes. */
export const replaySchema = z
  .strictObject({
    topic: z.enum(eventSchemas.map(topicOf)).optional().describe('topic of the event'),
    group: z.enum(groups).optional().describe('service that could not handle it'),
    code: z.enum(codes).optional().describe('class of the error'),
    message_id: z.string().optional(),
    conversation_id: z.string().optional(),
    event_id: z.string().optional(),
    min_age_s: seconds.optional().describe('seconds that have passed since it was parked, at least'),
    max_age_s: seconds.optional().describe('seconds that have passed since it was parked, at most'),
    dry_run: z.boolean().default(false).describe('Changes nothing, and tells what would be replayed'),
    limit: z.int().min(1).max(MOST_REPLAYS).default(1_000).describe('Replays of this call, at most'),
    rate: z.number().min(0.1).max(1_000).default(50).describe('Replays a second, at most'),
    force: z
      .boolean()
      .default(false)
      .describe(`Also what was replayed ${REPLAYS_LIMIT} times and failed each time`),
  })
  .check(
    inOrder(['min_age_s', 'must not be over `max_age_s`'], ['max_age_s', 'must not be under `min_age_s`']),
  );

export type ReplayRequest = z.output<typeof replaySchema>;

/** Dead-letter topics that a request is about. */
export function deadTopicsOf({ topic, group }: ReplayRequest): readonly string[] {
  return groups
    .filter((name) => group === undefined || name === group)
    .flatMap((name) => subscriptions[name].map(topicOf).map((origin) => ({ name, origin })))
    .filter(({ origin }) => topic === undefined || origin === topic)
    .map(({ name, origin }) => deadTopic(origin, name));
}

/** Whether the request asks for this dead letter. */
export function isAskedFor(letter: DeadLettered, request: ReplayRequest, now: number): boolean {
  const ageS = (now - failedAtMs(letter)) / 1_000;
  return (
    isSame(request.topic, letter.originTopic) &&
    isSame(request.group, letter.group) &&
    isSame(request.code, letter.errorCode) &&
    isSame(request.message_id, letter.messageId) &&
    isSame(request.conversation_id, letter.conversationId) &&
    isSame(request.event_id, letter.eventId) &&
    ageS >= (request.min_age_s ?? Number.NEGATIVE_INFINITY) &&
    ageS <= (request.max_age_s ?? Number.POSITIVE_INFINITY)
  );
}

const isSame = (wanted: string | undefined, found: string): boolean =>
  wanted === undefined || wanted === found;

/** Milliseconds since the epoch when it was parked. */
export const failedAtMs = ({ failedAt }: DeadLettered): number =>
  failedAt === undefined ? 0 : timestampMs(failedAt);
