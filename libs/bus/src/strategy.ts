import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { decode, type Outgoing, topicOf } from '@spillway/contracts/event';
import { Fault, type Problem } from '@spillway/contracts/fault';
import { deadTopics, retryTopic, subscriptions } from '@spillway/contracts/topology';
import { isObservable, lastValueFrom } from 'rxjs';
import type {
  Bus,
  BusRecord,
  RecordHandler,
  SubscribeOptions,
  Subscription,
  SubscriptionHealth,
} from './bus.js';
import { type Middleware, wrap } from './middleware/middleware.js';
import type { Order } from './middleware/postpone.js';
import type { HandlerExtras, Received } from './on.js';
import { isFromRetryTopic } from './retry-topic.js';

export interface StrategyOptions {
  readonly bus: Bus;
  readonly group: string;
  readonly slots: number;
  readonly order: 'key' | 'none';
  /** As for the bus. */
  readonly gatherMs?: number;
  /** Middleware around the handlers, told of the order that a topic's handler keeps. */
  readonly layers: (orderOf: (topic: string) => Order) => readonly Middleware[];
  readonly refused: NonNullable<SubscribeOptions['refused']>;
}

interface Route {
  readonly schema: DescMessage;
  readonly order: Order;
  readonly handler: MessageHandler;
}

/** Nest's door to the bus: one consumer group, whose handlers are the methods that carry `@On`. */
export class BusStrategy extends Server implements CustomTransportStrategy {
  override readonly transportId = Symbol('spillway bus');
  /** Failures reach the bus through the handler's promise; Nest need not report them as well. */
  override readonly propagatesEventHandlerErrors = true;
  readonly #options: StrategyOptions;
  #subscription: Subscription | undefined;

  constructor(options: StrategyOptions) {
    super();
    this.#options = options;
  }

  /** Subscribes to the topics of all handlers. Hands `misconfigured` to the callback when they do not fit the group. */
  listen(callback: (error?: unknown) => void): void {
    this.#subscribe().then(() => callback(), callback);
  }

  health(): SubscriptionHealth {
    if (this.#subscription === undefined) throw new Fault('unavailable', 'the service is not listening');
    return this.#subscription.health();
  }

  async drain(timeoutMs: number): Promise<void> {
    await this.#subscription?.drain(timeoutMs);
  }

  close(): Promise<void> {
    return this.drain(0);
  }

  /** There are no transport events to listen to. */
  on(): void {}

  unwrap<T>(): T {
    return this.#options.bus as T;
  }

  async #subscribe(): Promise<void> {
    const { bus, layers, refused, ...how } = this.#options;
    const { group, order } = how;
    const routes = routesOf(group, order, this.messageHandlers);
    const orderOf = (topic: string): Order => routes.get(topic)?.order ?? 'relaxed';
    const handle = wrap(dispatcher(group, routes), layers(orderOf));
    const topics = [...routes.keys()].flatMap((topic) => readWith(topic, group));
    this.#subscription = await bus.subscribe({ ...how, topics, handle, refused });
  }
}

/** What is read for the handler of a topic. A dead letter has no retry topic: it lies where it is safe. */
const readWith = (topic: string, group: string): readonly string[] =>
  deadTopics.includes(topic) ? [topic] : [topic, retryTopic(topic, group)];

/** What is not as the topology says, all of it. Throws `misconfigured` with every problem. */
function routesOf(
  group: string,
  order: 'key' | 'none',
  handlers: ReadonlyMap<string, MessageHandler>,
): ReadonlyMap<string, Route> {
  const problems = [
    ...missing(group, handlers),
    ...unusable(group, handlers),
    ...(order === 'key' ? [] : unordered(handlers)),
  ];
  if (handlers.size === 0) problems.push({ where: group, message: 'no method of the module carries @On' });
  if (problems.length > 0) throw new Fault('misconfigured', `${group} cannot be served`, { problems });
  return new Map([...handlers].map(([topic, handler]) => [topic, routeOf(topic, order, handler)]));
}

function routeOf(topic: string, keyOrder: 'key' | 'none', handler: MessageHandler): Route {
  const { schema, order = keyOrder === 'key' ? 'strict' : 'relaxed' } = handler.extras as HandlerExtras;
  return { handler, schema, order: deadTopics.includes(topic) ? 'strict' : order };
}

const extrasOf = (handler: MessageHandler): Partial<HandlerExtras> => handler.extras ?? {};

const known = subscriptions as Readonly<Record<string, readonly DescMessage[] | undefined>>;

function missing(group: string, handlers: ReadonlyMap<string, MessageHandler>): Problem[] {
  return (known[group] ?? [])
    .map(topicOf)
    .filter((topic) => !handlers.has(topic))
    .map((topic) => ({ where: topic, message: `group ${group} reads it, and nothing handles it` }));
}

function unusable(group: string, handlers: ReadonlyMap<string, MessageHandler>): Problem[] {
  const expected = known[group] && new Set([...known[group].map(topicOf), ...deadTopics]);
  return [...handlers].flatMap(([topic, handler]) => {
    if (extrasOf(handler).schema === undefined)
      return { where: topic, message: 'subscribe with @On, not @EventPattern' };
    if (handler.next !== undefined) return { where: topic, message: 'more than one method handles it' };
    if (expected?.has(topic) === false)
      return { where: topic, message: `the topology does not let group ${group} read it` };
    return [];
  });
}

function unordered(handlers: ReadonlyMap<string, MessageHandler>): Problem[] {
  return [...handlers]
    .filter(([, handler]) => extrasOf(handler).order === 'strict')
    .map(([where]) => ({ where, message: 'its handler is strict, and the service keeps no order of keys' }));
}

/** Decodes a record and hands it to its method. */
function dispatcher(group: string, routes: ReadonlyMap<string, Route>): RecordHandler {
  return async (record, signal) => {
    const route = routes.get(record.topic);
    if (route === undefined) throw new Fault('rejected', `nothing handles ${record.topic}`);
    const result: unknown = await route.handler(received(record, group, route.schema, signal));
    return (isObservable(result) ? await lastValueFrom(result) : result) as readonly Outgoing[];
  };
}

function received(
  record: BusRecord,
  group: string,
  schema: DescMessage,
  signal: AbortSignal,
): Received<DescMessage> {
  record.decoded ??= decode(schema, record.value);
  const event = record.decoded as MessageShape<DescMessage>;
  const source = isFromRetryTopic(record) ? retryTopic(record.topic, group) : record.topic;
  return { event, key: record.key, id: record.id, record, source, signal };
}
