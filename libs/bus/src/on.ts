import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { EventPattern } from '@nestjs/microservices';
import { type Outgoing, topicOf } from '@spillway/contracts/event';
import { DeadLetteredSchema } from '@spillway/contracts/events';
import { deadTopics } from '@spillway/contracts/topology';
import type { BusRecord } from './bus.js';

/** What a controller's method is handed. */
export interface Received<S extends DescMessage> {
  readonly event: MessageShape<S>;
  /** Partition key: the conversation. */
  readonly key: string;
  /** The same for every delivery of one event: make effects idempotent on it. */
  readonly id: string;
  readonly record: BusRecord;
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
export function On<S extends DescMessage>(schema: S): HandlerDecorator<S> {
  return handlerOf(schema, [topicOf(schema)]);
}

/** Subscribes a controller's method to every dead-letter topic there can be. */
export function OnDeadLetter(): HandlerDecorator<typeof DeadLetteredSchema> {
  return handlerOf(DeadLetteredSchema, deadTopics);
}

function handlerOf<S extends DescMessage>(schema: S, topics: readonly string[]): HandlerDecorator<S> {
  const extras: HandlerExtras = { schema };
  return (target, key, method) => {
    EventPattern([...topics], { ...extras })(target, key, method);
  };
}
