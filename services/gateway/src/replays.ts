import { setTimeout as delay } from 'node:timers/promises';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Inject, Injectable } from '@nestjs/common';
import { context } from '@opentelemetry/api';
import { BUS, type Bus, type BusRecord } from '@spillway/bus/bus';
import { replayed, trailOf } from '@spillway/bus/retry-topic';
import { decode, emit, type Outgoing } from '@spillway/contracts/event';
import { type DeadLettered, DeadLetteredSchema, EventReplayedSchema } from '@spillway/contracts/events';
import { Fault } from '@spillway/contracts/fault';
import { deadTopic } from '@spillway/contracts/topology';
import { problemOfFault } from '@spillway/http/problem';
import { KEYED_STATE, type KeyedState } from '@spillway/store/keyed-state';
import { createLogger } from '@spillway/telemetry/logger';
import { traceIdOf } from '@spillway/telemetry/tracing';
import { endLine, letterLine } from './replay-lines.js';
import { deadTopicsOf, isAskedFor, REPLAYS_LIMIT, type ReplayRequest } from './replay-request.js';

/** A dead letter on its topic. */
interface Found {
  readonly id: string;
  readonly letter: DeadLettered;
  /** Trace context of the attempt that failed. */
  readonly traceparent: string | undefined;
  readonly replays: number;
}

interface Findings {
  readonly chosen: Found[];
  readonly refused: Found[];
  replayedBefore: number;
  more: boolean;
}

/** Longer than dead letters are kept. */
const REMEMBERED_MS = 90 * 86_400_000;
/** In this time a dead letter is replayed by whoever took it up, or may be taken up anew. */
const LEASE_MS = 60_000;

const replayedKey = (id: string): string => `replayed:{${id}}`;
const nothing = new Uint8Array();

/**
 * Hands dead letters back to the groups that parked them. Each is replayed once: it is marked in keyed state. A crash
 * between replay and mark lets it be replayed again after a minute, under the same event id.
 */
@Injectable()
export class Replays {
  readonly #log = createLogger('gateway');

  constructor(
    @Inject(BUS) private readonly bus: Bus,
    @Inject(KEYED_STATE) private readonly state: KeyedState,
  ) {}

  /** Replays what the request asks for. Gives one line of JSON for each, and a last one; problem details end it early. */
  async *lines(request: ReplayRequest, caller: string): AsyncGenerator<string> {
    try {
      for await (const line of this.replay(request, caller)) yield `${JSON.stringify(line)}\n`;
    } catch (error) {
      const fault = Fault.from(error);
      this.#log.error({ code: fault.code }, 'a replay broke off');
      yield `${JSON.stringify(problemOfFault(fault, traceIdOf(context.active())))}\n`;
    }
  }

  private async *replay(request: ReplayRequest, caller: string): AsyncGenerator<object> {
    const { dry_run: dryRun, rate } = request;
    const { chosen, refused, more, ...found } = await this.find(request, Date.now());
    for (const { id, letter, replays } of refused) yield letterLine(id, letter, replays, 'refused');
    let count = 0;
    let { replayedBefore } = found;
    for (const each of chosen) {
      const { id, letter, replays } = each;
      if (!dryRun && count > 0) await delay(1_000 / rate);
      if (!dryRun && !(await this.replayOne(each, caller))) {
        replayedBefore += 1;
        continue;
      }
      count += 1;
      yield letterLine(id, letter, replays, dryRun ? 'would_be_replayed' : 'replayed');
    }
    yield endLine({ replayed: count, refused: refused.length, replayed_before: replayedBefore, more });
  }

  private async find(request: ReplayRequest, now: number): Promise<Findings> {
    const findings: Findings = { chosen: [], refused: [], replayedBefore: 0, more: false };
    const seen = new Set<string>();
    await this.bus.scan(deadTopicsOf(request), async (records) => {
      for (const record of records) {
        const found = this.read(record);
        if (found === undefined || seen.has(found.id) || !isAskedFor(found.letter, request, now)) continue;
        seen.add(found.id);
        await this.sort(found, request, findings);
      }
      return !findings.more;
    });
    return findings;
  }

  private async sort(found: Found, { force, limit }: ReplayRequest, findings: Findings): Promise<void> {
    if ((await this.state.get(replayedKey(found.id))) !== undefined) {
      findings.replayedBefore += 1;
      return;
    }
    const refused = found.replays >= REPLAYS_LIMIT && !force;
    const list = refused ? findings.refused : findings.chosen;
    if (list.length < limit) list.push(found);
    else if (!refused) findings.more = true;
  }

  /** Undefined, and a line in the log, for what is no dead letter of its topic. */
  private read({ topic, id, value, headers }: BusRecord): Found | undefined {
    try {
      const letter = decode(DeadLetteredSchema, value);
      if (deadTopic(letter.originTopic, letter.group) !== topic) {
        throw new Fault('malformed', 'it belongs on another topic');
      }
      return { id, letter, traceparent: headers['traceparent'], replays: trailOf(letter).replays };
    } catch (error) {
      this.#log.error({ topic, dead_letter_id: id, code: Fault.from(error).code }, 'this is no dead letter');
      return undefined;
    }
  }

  /** False when somebody else has replayed it, or is about to. */
  private async replayOne({ id, letter, traceparent }: Found, caller: string): Promise<boolean> {
    const key = replayedKey(id);
    const put = { kind: 'put', key, value: nothing } as const;
    try {
      await this.state.write([{ ...put, expect: 0, ttlMs: LEASE_MS }]);
    } catch (error) {
      if (Fault.from(error).code === 'conflict') return false;
      throw error;
    }
    const nowMs = Date.now();
    const again = replayed(letter, { notBefore: nowMs, failedTraceparent: traceparent });
    try {
      await this.bus.publish([again, replayFact(letter, nowMs)]);
    } catch (error) {
      await this.state.write([{ kind: 'delete', key }]);
      throw error;
    }
    await this.state.write([{ ...put, ttlMs: REMEMBERED_MS }]);
    const { eventId, originTopic: topic, group, errorCode: code } = letter;
    // A warning, so that it is on record whatever the level of the log.
    this.#log.warn(
      { dead_letter_id: id, event_id: eventId, topic, group, code, caller },
      'an event is replayed',
    );
    return true;
  }
}

/** Tells whoever shows the message that it is under way again. */
function replayFact(letter: DeadLettered, atMs: number): Outgoing {
  const { conversationId, messageId, group, originTopic, eventId } = letter;
  const replays = trailOf(letter).replays + 1;
  return emit(
    EventReplayedSchema,
    { conversationId, messageId, group, originTopic, eventId, replays, replayedAt: timestampFromMs(atMs) },
    `${group}:${eventId}:${replays}`,
  );
}
