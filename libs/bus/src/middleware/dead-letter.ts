import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { emitTo, type Outgoing } from '@spillway/contracts/event';
import { DeadLetteredSchema } from '@spillway/contracts/events';
import { Fault } from '@spillway/contracts/fault';
import { deadTopic } from '@spillway/contracts/topology';
import type { BusRecord } from '../bus.js';
import { detailOf } from './fault-detail.js';
import { messageIdOf } from './message-id.js';
import type { Middleware } from './middleware.js';

export interface DeadLetterOptions {
  readonly group: string;
  /** Told of every record that is parked. */
  readonly onDead?: (record: BusRecord, fault: Fault) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * Turns a fault that nothing inside could help into one DeadLettered event, with all that is needed to replay the
 * record, so that the record is done. An outage, and while the process stops whatever another try might mend, is passed
 * on instead: the record is then delivered again.
 */
export function deadLetter({ group, onDead, now = Date.now }: DeadLetterOptions): Middleware {
  return (next) => (record, signal) =>
    next(record, signal).catch((error: unknown) => {
      const fault = Fault.from(error);
      // An outage is not the record's fault: parked, it would be missing once the outage is over.
      if (fault.code === 'unavailable' || (signal.aborted && fault.reaction === 'retry')) throw fault;
      onDead?.(record, fault);
      return [parked(record, fault, group, now())];
    });
}

function parked(record: BusRecord, fault: Fault, group: string, at: number): Outgoing {
  const { topic, partition, offset, key, id, headers, value } = record;
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
      headers: { ...headers },
      payload: value,
      errorCode: fault.code,
      errorDetail: detailOf(fault),
      attempts: fault.attempts,
      failedAt: timestampFromMs(at),
    },
    id,
  );
}
