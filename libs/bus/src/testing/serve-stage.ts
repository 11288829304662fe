import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, type DynamicModule, Inject } from '@nestjs/common';
import { decode, emit, type Outgoing } from '@spillway/contracts/event';
import {
  type DeadLettered,
  DeadLetteredSchema,
  MessageReceivedSchema,
  MessageSettledSchema,
} from '@spillway/contracts/events';
import { configureLogs } from '@spillway/telemetry/logger';
import { afterAll, afterEach, beforeEach } from 'vitest';
import type { Bus, BusRecord } from '../bus.js';
import { openEmbeddedBus } from '../embedded.js';
import { On, type Received } from '../on.js';
import { type Served, type ServeOptions, serve } from '../serve.js';

export type MessageHandle = (received: Received<typeof MessageReceivedSchema>) => unknown;

const HANDLE = Symbol('handle');
/** Does with a message what a spec says. */
export class MessageController {
  constructor(readonly handle: MessageHandle) {}

  async received(received: Received<typeof MessageReceivedSchema>): Promise<readonly Outgoing[]> {
    return (await this.handle(received)) as readonly Outgoing[];
  }

  other(): readonly Outgoing[] {
    return [];
  }
}

// Specs are compiled without the decorator syntax; this is what it stands for.
export function decorate(target: object, name: string, decorator: unknown): void {
  (decorator as MethodDecorator)(target, name, Object.getOwnPropertyDescriptor(target, name) ?? {});
}
Controller()(MessageController);
Inject(HANDLE)(MessageController, undefined, 0);
decorate(MessageController.prototype, 'received', On(MessageReceivedSchema));

/** What became of the services of one test. */
export interface ServeStage {
  readonly bus: Bus;
  /** Everything that was published besides messages. */
  readonly seen: BusRecord[];
  readonly deadLetters: readonly DeadLettered[];
  /** Log lines. */
  readonly lines: string[];
  /** Modules that were closed, and what a test notes besides. */
  readonly closed: string[];
  moduleWith(handle: MessageHandle, controllers?: readonly (typeof MessageController)[]): DynamicModule;
  /** Starts group `test`, which parks what fails after its attempts in place. */
  start(handle: MessageHandle, options?: Partial<ServeOptions>): Promise<Served>;
}

export const RETRY_TOPIC = 'message.received.test.retry';
const TOPICS = ['message.settled', RETRY_TOPIC, 'message.received.test.dead', 'step.completed'];

/** A stage that each test finds empty. To be called once in a spec. */
export function serveStage(): ServeStage {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-serve-'));
  const seen: BusRecord[] = [];
  const lines: string[] = [];
  const closed: string[] = [];
  const served: Served[] = [];
  let bus: Bus;
  configureLogs({ destination: { write: (line) => lines.push(line) } });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  beforeEach(async () => {
    for (const list of [seen, lines, closed]) list.length = 0;
    bus = openEmbeddedBus({ path: join(folder, `${Math.random()}.db`) });
    await bus.tail(TOPICS, (record) => seen.push(record));
  });
  afterEach(async () => {
    for (const service of served.splice(0)) await service.close(100);
    await bus.close();
  });

  class MessageModule {
    onModuleDestroy(): void {
      closed.push('module');
    }
  }

  const moduleWith: ServeStage['moduleWith'] = (handle, controllers = [MessageController]) => ({
    module: MessageModule,
    controllers: [...controllers],
    providers: [{ provide: HANDLE, useValue: handle }],
  });

  return {
    get bus() {
      return bus;
    },
    get deadLetters() {
      const dead = seen.filter(({ topic }) => topic.endsWith('.dead'));
      return dead.map(({ value }) => decode(DeadLetteredSchema, value));
    },
    seen,
    lines,
    closed,
    moduleWith,
    async start(handle, options = {}) {
      const service = await serve({
        bus,
        group: 'test',
        module: moduleWith(handle),
        slots: 10,
        order: 'key',
        deadlineMs: 5_000,
        retry: { firstMs: 1 },
        retryDelaysMs: [],
        ...options,
      });
      served.push(service);
      return service;
    },
  };
}

export const message = (id: string, text = 'hello'): Outgoing =>
  emit(MessageReceivedSchema, { conversationId: 'c1', messageId: id, text });
export const settled = (id: string): Outgoing =>
  emit(MessageSettledSchema, { conversationId: 'c1', messageId: id, reply: 'bye' });
