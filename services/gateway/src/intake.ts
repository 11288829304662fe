import { hash } from 'node:crypto';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Inject, Injectable } from '@nestjs/common';
import { BUS, type Bus } from '@spillway/bus/bus';
import { emit, type Outgoing } from '@spillway/contracts/event';
import { MessageReceivedSchema } from '@spillway/contracts/events';
import { Fault } from '@spillway/contracts/fault';
import type { Caller } from '@spillway/http/api-keys';
import { KEYED_STATE, type KeyedState } from '@spillway/store/keyed-state';
import { v7 } from 'uuid';
import type { MessageRequest, Submission } from './message-request.js';
import { type Receipt, readReceipt, receiptKey, writeReceipt } from './receipt.js';

/** How long a receipt answers for its message, and an idempotency key for its call. */
const KEPT_MS = 7 * 24 * 3_600_000;

/** Trace of one submission: the headers that its event carries. */
type TraceHeaders = Readonly<Record<string, string>>;

export interface Arrival extends Submission {
  readonly trace: TraceHeaders;
}

interface Admitted {
  readonly receipt: Receipt;
  readonly message: MessageRequest;
  /** The call came with a key: its receipt is written only after its event, and so tells that there is one. */
  readonly keyed: boolean;
}

/** Takes messages in: each gets one id, one event and one receipt, however often its call is repeated. */
@Injectable()
export class Intake {
  /** Messages with a key that are being published, each with the end of that. */
  private readonly underWay = new Map<string, Promise<void>>();

  constructor(
    @Inject(BUS) private readonly bus: Bus,
    @Inject(KEYED_STATE) private readonly state: KeyedState,
  ) {}

  /**
   * Publishes `message.received` for each arrival, all in one batch, in their order. Resolves once every event and
   * every receipt is durable, with a receipt or the fault of a refused one in the place of each. Rejects with
   * `unavailable` when the log or the store does not take them; a repeat is safe then.
   */
  async admit(
    arrivals: readonly Arrival[],
    caller: Caller,
    now: number,
  ): Promise<readonly (Receipt | Fault)[]> {
    const results = await Promise.all(arrivals.map((arrival) => this.claim(arrival, caller, now)));
    const fresh = await this.unpublished(results);
    // Nothing is awaited between the look at what is under way and `publish`: of two calls with one key at the same
    // moment one publishes, and the other answers once that is durable.
    const others = fresh.flatMap(({ receipt }) => this.underWay.get(receipt.id) ?? []);
    const own = fresh.filter(({ receipt }) => !this.underWay.has(receipt.id));
    await Promise.all([this.publish(own), ...others]);
    return results.map((result) => (result instanceof Fault ? result : result.receipt));
  }

  /** What is still to be published, each message once: one batch may repeat a call. */
  private async unpublished(results: readonly (Admitted | Fault)[]): Promise<readonly Admitted[]> {
    const byId = new Map<string, Admitted>();
    for (const result of results) if (!(result instanceof Fault)) byId.set(result.receipt.id, result);
    const admitted = [...byId.values()];
    const known = await Promise.all(
      admitted.map(({ receipt, keyed }) => (keyed ? this.state.get(receiptKey(receipt.id)) : undefined)),
    );
    return admitted.filter((_, index) => known[index] === undefined);
  }

  private async publish(admitted: readonly Admitted[]): Promise<void> {
    if (admitted.length === 0) return;
    const keyed = admitted.filter((each) => each.keyed);
    const durable = this.record(admitted, keyed);
    for (const { receipt } of keyed) this.underWay.set(receipt.id, durable);
    try {
      await durable;
    } finally {
      for (const { receipt } of keyed) this.underWay.delete(receipt.id);
    }
  }

  private async record(admitted: readonly Admitted[], keyed: readonly Admitted[]): Promise<void> {
    const write = ({ receipt }: Admitted): Promise<void> => this.writeReceipt(receipt);
    const unkeyed = admitted.filter((each) => !each.keyed);
    await Promise.all([this.bus.publish(admitted.map(received)), ...unkeyed.map(write)]);
    await Promise.all(keyed.map(write));
  }

  private async claim(arrival: Arrival, caller: Caller, now: number): Promise<Admitted | Fault> {
    const { message, key } = arrival;
    const receipt = receiptFor(arrival, now);
    if (key === undefined) return { receipt, message, keyed: false };
    const entry = `idempotency:{${hash('sha256', `${caller.identity}\n${key}`, 'base64url')}}`;
    const value = writeReceipt({ ...receipt, bodyHash: bodyHashOf(message) });
    if (await this.putNew(entry, value)) return { receipt, message, keyed: true };
    const found = await this.state.get(entry);
    // It ran out between the two calls.
    if (found === undefined)
      throw new Fault('unavailable', 'the idempotency key was just let go; repeat the call');
    const first = readReceipt(found.value);
    if (first.bodyHash !== bodyHashOf(message)) {
      return new Fault('rejected', 'this idempotency key was used with another body', {
        problems: [{ where: 'header Idempotency-Key', message: 'was used with another body' }],
      });
    }
    return { receipt: first, message, keyed: true };
  }

  /** Whether the entry was not there before. */
  private async putNew(key: string, value: Uint8Array): Promise<boolean> {
    try {
      await this.state.write([{ kind: 'put', key, value, expect: 0, ttlMs: KEPT_MS }]);
      return true;
    } catch (error) {
      const fault = Fault.from(error);
      if (fault.code === 'conflict') return false;
      throw fault;
    }
  }

  private async writeReceipt(receipt: Receipt): Promise<void> {
    const value = writeReceipt(receipt);
    await this.state.write([{ kind: 'put', key: receiptKey(receipt.id), value, ttlMs: KEPT_MS }]);
  }
}

function receiptFor({ message, trace }: Arrival, now: number): Receipt {
  const id = v7();
  return {
    id,
    conversationId: message.conversation_id ?? id,
    channel: message.channel,
    trace,
    receivedAtMs: now,
  };
}

function received({ receipt, message }: Admitted): Outgoing {
  const event = emit(MessageReceivedSchema, {
    conversationId: receipt.conversationId,
    messageId: receipt.id,
    channel: message.channel,
    text: message.text,
    subject: message.subject,
    customer: message.customer,
    locale: message.locale,
    ...(message.customer_facing === undefined ? {} : { customerFacing: message.customer_facing }),
    attachmentCount: message.attachment_count,
    metadata: message.metadata ?? {},
    receivedAt: timestampFromMs(receipt.receivedAtMs),
  });
  return { ...event, headers: receipt.trace };
}

/** The same for every way of writing the same body. */
function bodyHashOf({ metadata = {}, ...fields }: MessageRequest): string {
  const sorted = Object.entries(metadata).sort(([one], [other]) => (one < other ? -1 : 1));
  return hash('sha256', JSON.stringify([fields, sorted]), 'base64url');
}
