import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { emitTo, type Outgoing } from '@spillway/contracts/event';
import { DeadLetteredSchema } from '@spillway/contracts/events';
import { Fault } from '@spillway/contracts/fault';
import { deadTopic, deadTopics } from '@spillway/contracts/topology';
import type { BusRecord } from '../bus.js';
import { headersAtRest, trailOf } from '../retry-topic.js';
import { detailOf } from './fault-detail.js';
import { messageIdOf } from './message-id.js';
import type { Middleware } from './middleware.js';
import type { Postpone } from './postpone.js';

export interface ParkOptions {
  readonly group: string;
  /** Told of every record that is parked, with all attempts that it had. */
  readonly onDead?: (record: BusRecord, fault: Fault) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** What is published of a record that nothing can help; its fault carries all attempts that it had. */
export type Park = (record: BusRecord, fault: Fault) => readonly Outgoing[];

export interface DeadLetterOptions {
  readonly postpone: Postpone;
  readonly park: Park;
  /** Told of every record that is to run again later. */
  readonly onLater?: (record: BusRecord, fault: Fault, delayMs: number) => void;
}

/** Dead-letter topics have no dead letters of their own. */
const dead: ReadonlySet<string> = new Set(deadTopics);

/**
 * Makes of a record one DeadLettered event, with all that is needed to replay it. A dead letter that cannot be handled
 * is not parked anew: it lies on its topic already.
 */
export function park({ group, onDead, now = Date.now }: ParkOptions): Park {
  return (record, fault) => {
    onDead?.(record, fault);
    return dead.has(record.topic) ? [] : [parked(record, fault, group, now())];
  };
}

/**
 * Says what becomes of a record that nothing inside could help. It runs again later as long as it may; then it is parked,
 * so that it is done. An outage, and while the process stops whatever another try might mend, is passed on instead: the
 * record is then delivered again.
 */
export function deadLetter({ postpone, park, onLater }: DeadLetterOptions): Middleware {
  return (next) => (record, signal) =>
    next(record, signal).catch((error: unknown) => {
      const fault = Fault.from(error);
      // An outage is not the record's fault: parked, it would be missing once the outage is over.
      if (fault.code === 'unavailable' || (signal.aborted && fault.reaction === 'retry')) throw fault;
      const postponed = postpone(record, fault);
      if (postponed.kind === 'over') return park(record, fault.after(postponed.attempts));
      onLater?.(record, fault, postponed.delayMs);
      if (postponed.kind === 'hold') throw postponed.fault;
      return [postponed.event];
    });
}

function parked(record: BusRecord, fault: Fault, group: string, at: number): Outgoing {
  const { topic, partition, offset, key, id, value } = record;
  const { replays } = trailOf(record);
  return emitTo(
    deadTopic(topic, group),
    DeadLetteredSchema,
    {
      // A record of a foreign publisher may lack the key that ours always have.
      conversationId: key === '' ? 'none' : key,
      messageId: messageIdOf(record),
      group,
      originTopic: topic,
      originPartition: partition,
      originOffset: BigInt(offset),
      eventId: id,
      headers: headersAtRest(record),
      payload: value,
      errorCode: fault.code,
      errorDetail: detailOf(fault),
      attempts: fault.attempts,
      failedAt: timestampFromMs(at),
    },
    // Each time that it is parked anew is another dead letter.
    replays === 0 ? id : `${id}/replay-${replays}`,
  );
}
