import 'reflect-metadata';
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { EventPattern } from '@nestjs/microservices';
import { PARAM_ARGS_METADATA } from '@nestjs/microservices/constants';
import { type Outgoing, topicOf } from '@spillway/contracts/event';
import { DeadLetteredSchema } from '@spillway/contracts/events';
import { deadTopics } from '@spillway/contracts/topology';
import type { BusRecord } from './bus.js';
import type { Order } from './middleware/postpone.js';

/** What a controller's method is handed. */
export interface Received<S extends DescMessage> {
  readonly event: MessageShape<S>;
  /** Partition key: the conversation. */
  readonly key: string;
  /** The same for every delivery of one event: make effects idempotent on it. */
  readonly id: string;
  /** As it was on the event's own topic, also where it is delivered from a retry topic. */
  readonly record: BusRecord;
  /** Topic that it is delivered from: its own, or the group's retry topic. Order holds within this one alone. */
  readonly source: string;
  /** Aborted when the deadline is over or the process must stop. */
  readonly signal: AbortSignal;
}

/** Handles one event and returns what is to be published because of it. */
export type Reaction<S extends DescMessage> = (
  received: Received<S>,
) => readonly Outgoing[] | Promise<readonly Outgoing[]>;

/** What the transport must know of a handler; travels in the `extras` of Nest's pattern metadata. */
export interface HandlerExtras {
  readonly schema: DescMessage;
  readonly order?: Order;
}

export interface OnOptions {
  /**
   * Whether later events of the key wait while one is to run again (`strict`), or go on (`relaxed`). Left out: `strict`
   * where the service runs in the order of keys, else `relaxed`.
   */
  readonly order?: Order;
}

type HandlerDecorator<S extends DescMessage> = <M extends Reaction<S>>(
  target: object,
  key: string | symbol,
  method: TypedPropertyDescriptor<M>,
) => void;

/**
 * Subscribes a controller's method to the topic that the `.proto` names for `schema`. A method whose parameter or
 * result does not fit the schema does not compile. Throws `misconfigured` when the type has no topic.
 *
 * @example
 * class ClassifierController {
 *   \@On(MessageReceivedSchema)
 *   classify({ event, signal }: Received<typeof MessageReceivedSchema>): Promise<readonly Outgoing[]> { … }
 * }
 */
export function On<S extends DescMessage>(schema: S, { order }: OnOptions = {}): HandlerDecorator<S> {
  return handlerOf([topicOf(schema)], order === undefined ? { schema } : { schema, order });
}

/** Subscribes a controller's method to every dead-letter topic there can be. */
export function OnDeadLetter(): HandlerDecorator<typeof DeadLetteredSchema> {
  return handlerOf(deadTopics, { schema: DeadLetteredSchema });
}

function handlerOf<S extends DescMessage>(
  topics: readonly string[],
  extras: HandlerExtras,
): HandlerDecorator<S> {
  return (target, key, method) => {
    EventPattern([...topics], { ...extras })(target, key, method);
    // A method takes what the transport hands it, whole. Unless Nest is told so, it resolves parameters one by one at
    // every call, which costs more than most handlers do.
    Reflect.defineMetadata(PARAM_ARGS_METADATA, {}, target.constructor, key);
  };
}
