import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { decode, type Outgoing, topicOf } from '@spillway/contracts/event';
import { Fault, type Problem } from '@spillway/contracts/fault';
import { deadTopics, subscriptions } from '@spillway/contracts/topology';
import { isObservable, lastValueFrom } from 'rxjs';
import type { Bus, BusRecord, RecordHandler, Subscription, SubscriptionHealth } from './bus.js';
import { type Middleware, wrap } from './middleware/middleware.js';
import type { HandlerExtras, Received } from './on.js';

export interface StrategyOptions {
  readonly bus: Bus;
  readonly group: string;
  readonly slots: number;
  readonly order: 'key' | 'none';
  readonly layers: readonly Middleware[];
}

interface Route {
  readonly schema: DescMessage;
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
    const { bus, group, slots, order, layers } = this.#options;
    const routes = routesOf(group, this.messageHandlers);
    const handle = wrap(dispatcher(routes), layers);
    this.#subscription = await bus.subscribe({ group, topics: [...routes.keys()], slots, order, handle });
  }
}

/** What is not as the topology says, all of it. Throws `misconfigured` with every problem. */
function routesOf(group: string, handlers: ReadonlyMap<string, MessageHandler>): ReadonlyMap<string, Route> {
  const problems = [...missing(group, handlers), ...unusable(group, handlers)];
  if (handlers.size === 0) problems.push({ where: group, message: 'no method of the module carries @On' });
  if (problems.length > 0) throw new Fault('misconfigured', `${group} cannot be served`, { problems });
  return new Map(
    [...handlers].map(([topic, handler]) => [topic, { handler, schema: schemaOf(handler) as DescMessage }]),
  );
}

const schemaOf = (handler: MessageHandler): DescMessage | undefined =>
  (handler.extras as Partial<HandlerExtras> | undefined)?.schema;

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
    if (schemaOf(handler) === undefined)
      return { where: topic, message: 'subscribe with @On, not @EventPattern' };
    if (handler.next !== undefined) return { where: topic, message: 'more than one method handles it' };
    if (expected?.has(topic) === false)
      return { where: topic, message: `the topology does not let group ${group} read it` };
    return [];
  });
}

/** Decodes a record and hands it to its method. */
function dispatcher(routes: ReadonlyMap<string, Route>): RecordHandler {
  return async (record, signal) => {
    const route = routes.get(record.topic);
    if (route === undefined) throw new Fault('rejected', `nothing handles ${record.topic}`);
    const result: unknown = await route.handler(received(record, route.schema, signal));
    return (isObservable(result) ? await lastValueFrom(result) : result) as readonly Outgoing[];
  };
}

function received(record: BusRecord, schema: DescMessage, signal: AbortSignal): Received<DescMessage> {
  record.decoded ??= decode(schema, record.value);
  const event = record.decoded as MessageShape<DescMessage>;
  return { event, key: record.key, id: record.id, record, signal };
}
