import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, type DynamicModule, Inject } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { context } from '@opentelemetry/api';
import { decode, emit, type Outgoing } from '@spillway/contracts/event';
import {
  DeadLetteredSchema,
  DecisionMadeSchema,
  MessageReceivedSchema,
  MessageSettledSchema,
} from '@spillway/contracts/events';
import { Fault, type FaultCode } from '@spillway/contracts/fault';
import { configureLogs } from '@spillway/telemetry/logger';
import { startTracing, traceIdOf } from '@spillway/telemetry/tracing';
import { of } from 'rxjs';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Bus, BusRecord } from './bus.js';
import { openEmbeddedBus } from './embedded.js';
import { On, type Received } from './on.js';
import { type Served, type ServeOptions, serve } from './serve.js';
import { eventually, gate } from './testing/harness.js';

type Message = Received<typeof MessageReceivedSchema>;
type Handle = (received: Message) => unknown;

const HANDLE = Symbol('handle');
class MessageController {
  constructor(readonly handle: Handle) {}

  async received(received: Message): Promise<readonly Outgoing[]> {
    return (await this.handle(received)) as readonly Outgoing[];
  }

  other(): readonly Outgoing[] {
    return [];
  }
}

// Specs are compiled without the decorator syntax; this is what it stands for.
Controller()(MessageController);
Inject(HANDLE)(MessageController, undefined, 0);
function decorate(target: object, name: string, decorator: unknown): void {
  (decorator as MethodDecorator)(target, name, Object.getOwnPropertyDescriptor(target, name) ?? {});
}
decorate(MessageController.prototype, 'received', On(MessageReceivedSchema));

class MessageModule {
  readonly closed = closed;
  onModuleDestroy(): void {
    this.closed.push('module');
  }
}
const moduleWith = (handle: Handle, controllers = [MessageController]): DynamicModule => ({
  module: MessageModule,
  controllers,
  providers: [{ provide: HANDLE, useValue: handle }],
});

let closed: string[] = [];
const lines: string[] = [];
configureLogs({ destination: { write: (line) => lines.push(line) } });
const folder = mkdtempSync(join(tmpdir(), 'spillway-serve-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let bus: Bus;
let seen: BusRecord[];
const served: Served[] = [];
const RETRY_TOPIC = 'message.received.test.retry';
const TOPICS = ['message.settled', RETRY_TOPIC, 'message.received.test.dead', 'step.completed'];

beforeEach(async () => {
  closed = [];
  lines.length = 0;
  seen = [];
  bus = openEmbeddedBus({ path: join(folder, `${Math.random()}.db`) });
  await bus.tail(TOPICS, (record) => seen.push(record));
});
afterEach(async () => {
  for (const service of served.splice(0)) await service.close(100);
  await bus.close();
});

async function start(handle: Handle, options: Partial<ServeOptions> = {}): Promise<Served> {
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
}

const message = (id: string, text = 'hello'): Outgoing =>
  emit(MessageReceivedSchema, { conversationId: 'c1', messageId: id, text });
const settled = (id: string): Outgoing =>
  emit(MessageSettledSchema, { conversationId: 'c1', messageId: id, reply: 'bye' });
const deadLetters = () =>
  seen.filter(({ topic }) => topic.endsWith('.dead')).map(({ value }) => decode(DeadLetteredSchema, value));

describe('serve', () => {
  it('hands a decoded event to the method and publishes what it returns', async () => {
    const received: Message[] = [];
    await start((message) => {
      received.push(message);
      return [settled(message.event.messageId)];
    });
    await bus.publish([message('m1', 'hi')]);
    await eventually(() => expect(seen.map(({ id }) => id)).toEqual(['m1/message.settled']));
    expect(received[0]).toMatchObject({
      key: 'c1',
      id: 'm1/message.received',
      event: { messageId: 'm1', text: 'hi' },
      record: { topic: 'message.received', offset: 0 },
    });
    expect(received[0]?.signal.aborted).toBe(false);
  });

  it('takes an observable, as an interceptor would make it', async () => {
    await start(() => of([settled('m1')]));
    await bus.publish([message('m1')]);
    await eventually(() => expect(seen.map(({ topic }) => topic)).toEqual(['message.settled']));
  });

  it.each<[string, () => unknown, FaultCode, number, string]>([
    ['a fault keeps its code', () => new Fault('rejected', 'no'), 'rejected', 1, 'no'],
    ['what may pass is tried again first', () => new Fault('throttled', 'slow'), 'throttled', 3, 'slow'],
    ['a foreign error is named, not quoted', () => new TypeError('my card'), 'unknown', 3, 'TypeError'],
  ])('parks an event with its error: %s', async (_, error, errorCode, attempts, errorDetail) => {
    await start(() => Promise.reject(error()), { retry: { attempts: 3, firstMs: 1 } });
    await bus.publish([{ ...message('m1'), headers: { a: 'b' } }]);
    await eventually(() => expect(deadLetters().length).toBe(1));
    expect(deadLetters()[0]).toMatchObject({
      messageId: 'm1',
      conversationId: 'c1',
      group: 'test',
      originTopic: 'message.received',
      originOffset: 0n,
      eventId: 'm1/message.received',
      headers: { a: 'b' },
      payload: message('m1').value,
      errorCode,
      errorDetail,
      attempts,
    });
    expect(lines.join('')).toContain('an event is parked');
    expect(lines.join('')).not.toContain('my card');
  });

  it('parks bytes that are no event, and goes on', async () => {
    await start(({ event }) => [settled(event.messageId)]);
    await bus.publish([
      { ...message('m1'), value: Uint8Array.of(255, 255), decoded: undefined },
      message('m2'),
    ]);
    await eventually(() => expect(seen.length).toBe(2));
    expect(deadLetters()[0]).toMatchObject({ errorCode: 'malformed', payload: Uint8Array.of(255, 255) });
    expect(seen.at(-1)?.id).toBe('m2/message.settled');
  });

  it('parks what takes longer than its deadline', async () => {
    await start(({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', reject)), {
      deadlineMs: 5,
      retry: { attempts: 2, firstMs: 1 },
    });
    await bus.publish([message('m1')]);
    await eventually(() => expect(deadLetters()[0]).toMatchObject({ errorCode: 'timed_out', attempts: 2 }));
  });

  it('does not run a handler twice for one event', async () => {
    let runs = 0;
    await start(() => {
      runs += 1;
      return [settled('m1')];
    });
    await bus.publish([message('m1'), message('m1')]);
    await eventually(() =>
      expect(seen.map(({ id }) => id)).toEqual(['m1/message.settled', 'm1/message.settled']),
    );
    expect(runs).toBe(1);
  });

  it('runs the method in the trace of its event, and its events carry it on', async () => {
    const stop = startTracing();
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const traceIds: string[] = [];
    await start(async () => {
      await Promise.resolve();
      traceIds.push(traceIdOf(context.active()));
      return [settled('m1')];
    });
    await bus.publish([{ ...message('m1'), headers: { traceparent } }]);
    await eventually(() => expect(seen[0]?.headers).toEqual({ traceparent }));
    expect(traceIds).toEqual(['a'.repeat(32)]);
    await stop();
  });

  it('lets what is in flight finish, then closes the module', async () => {
    const started = gate();
    const finish = gate();
    const service = await start(async () => {
      started.open();
      await finish.opened;
      closed.push('handler');
      return [settled('m1')];
    });
    await bus.publish([message('m1')]);
    await started.opened;
    const closing = service.close(5_000);
    expect(service.health()).toMatchObject({ group: 'test', inFlight: 1, alive: false });
    finish.open();
    await closing;
    expect(closed).toEqual(['handler', 'module']);
    expect(seen.map(({ topic }) => topic)).toEqual(['message.settled']);
  });

  it('delivers again, and does not park, what was aborted because the service stopped', async () => {
    const started = gate();
    const first = await start(({ signal }) => {
      started.open();
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    });
    await bus.publish([message('m1')]);
    await started.opened;
    await first.close(0);
    expect(seen).toEqual([]);
    await start(() => [settled('m1')]);
    await eventually(() => expect(seen.map(({ topic }) => topic)).toEqual(['message.settled']));
  });

  it('has the time to drain that it was given', async () => {
    const timeouts: number[] = [];
    const watched: Bus = {
      driver: bus.driver,
      publish: (events) => bus.publish(events),
      tail: (topics, look) => bus.tail(topics, look),
      scan: (topics, look) => bus.scan(topics, look),
      close: () => bus.close(),
      async subscribe(options) {
        const subscription = await bus.subscribe(options);
        return {
          health: () => subscription.health(),
          drain(timeoutMs) {
            timeouts.push(timeoutMs);
            return subscription.drain(timeoutMs);
          },
        };
      },
    };
    const service = await start(() => [], { bus: watched });
    await service.close(4_321);
    expect(timeouts[0]).toBe(4_321);
  });

  it('says nothing in Nest’s own voice', async () => {
    const printed = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    await start(() => []);
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
    expect(lines).toEqual([]);
  });
});

describe('what fails for now', () => {
  const relaxed = { order: 'none', retry: { attempts: 2, firstMs: 1 } } as const;
  const strict = { order: 'key', retry: { attempts: 2, firstMs: 1 } } as const;
  const settledIds = () =>
    seen.filter(({ topic }) => topic === 'message.settled').map(({ id }) => id.split('/')[0]);

  it('runs again from the retry topic, as what it was, and others go on meanwhile', async () => {
    const received: Message[] = [];
    const handle: Handle = (message) => {
      if (message.event.messageId === 'sick') {
        received.push(message);
        if (received.length <= 2) throw new Fault('timed_out', 'too slow');
      }
      return [settled(message.event.messageId)];
    };
    await start(handle, { ...relaxed, retryDelaysMs: [600] });
    await bus.publish([{ ...message('sick'), headers: { a: 'b' } }, message('well')]);
    await eventually(() => expect(settledIds()).toEqual(['well', 'sick']));
    expect(received.map(({ source }) => source)).toEqual([
      'message.received',
      'message.received',
      RETRY_TOPIC,
    ]);
    const [first, , again] = received;
    expect(again).toMatchObject({
      id: first?.id,
      key: first?.key,
      event: { messageId: 'sick' },
      record: { topic: 'message.received', partition: first?.record.partition, offset: 0 },
    });
    expect(again?.record.headers['a']).toBe('b');
    expect(lines.join('')).toContain('an event is put off');
    expect(deadLetters()).toEqual([]);
  });

  it.each<[string, Partial<ServeOptions>, number]>([
    ['relaxed, it goes through the tiers', relaxed, 2],
    ['strict, it is held', strict, 0],
  ])('is parked with all its attempts once nothing helps: %s', async (_, options, retries) => {
    let runs = 0;
    const handle: Handle = () => {
      runs += 1;
      throw new Fault('timed_out', 'too slow');
    };
    await start(handle, { ...options, retryDelaysMs: [1, 2] });
    await bus.publish([message('sick')]);
    await eventually(() => expect(deadLetters().length).toBe(1));
    expect(runs).toBe(6);
    expect(deadLetters()[0]).toMatchObject({
      attempts: 6,
      errorCode: 'timed_out',
      eventId: 'sick/message.received',
      originTopic: 'message.received',
      originOffset: 0n,
      payload: message('sick').value,
      headers: {},
    });
    expect(seen.filter(({ topic }) => topic === RETRY_TOPIC).length).toBe(retries);
  });

  it.each<[string, Partial<ServeOptions>, readonly string[]]>([
    ['strict: the later ones of its key wait for it', strict, ['other', 'sick', 'behind']],
    ['relaxed: they do not', relaxed, ['behind', 'other', 'sick']],
  ])('%s', async (_, options, order) => {
    let runs = 0;
    const handle: Handle = ({ event: { messageId } }) => {
      runs += messageId === 'sick' ? 1 : 0;
      if (messageId === 'sick' && runs <= 2) throw new Fault('timed_out', 'too slow');
      return [settled(messageId)];
    };
    await start(handle, { ...options, slots: 1, retryDelaysMs: [400] });
    const other = emit(MessageReceivedSchema, { conversationId: 'c2', messageId: 'other' });
    await bus.publish([message('sick'), message('behind'), other]);
    await eventually(() => expect(settledIds()).toEqual(order));
  });

  it('is neither put off nor parked in an outage', async () => {
    let runs = 0;
    const handle: Handle = () => {
      runs += 1;
      if (runs <= 4) throw new Fault('unavailable', 'the store is down');
      return [settled('m1')];
    };
    await start(handle, { ...relaxed, retryDelaysMs: [1] });
    await bus.publish([message('m1')]);
    await eventually(() => expect(settledIds()).toEqual(['m1']));
    expect(seen.map(({ topic }) => topic)).toEqual(['message.settled']);
  });
});

describe('serve refuses to start', () => {
  class StrictController extends MessageController {
    override received(received: Message): Promise<readonly Outgoing[]> {
      return super.received(received);
    }
  }
  Controller()(StrictController);
  decorate(StrictController.prototype, 'received', On(MessageReceivedSchema, { order: 'strict' }));

  class DecisionController {
    decided(): readonly Outgoing[] {
      return [];
    }
  }
  Controller()(DecisionController);
  decorate(DecisionController.prototype, 'decided', On(DecisionMadeSchema));
  class BareController {
    bare(): readonly Outgoing[] {
      return [];
    }
  }
  Controller()(BareController);
  decorate(BareController.prototype, 'bare', EventPattern('step.completed'));
  class RivalController extends MessageController {}
  Controller()(RivalController);

  it('a strict handler where keys have no order', async () => {
    const module = moduleWith(() => [], [StrictController]);
    await expect(start(() => [], { module, order: 'none' })).rejects.toMatchObject({
      code: 'misconfigured',
      problems: [{ where: 'message.received', message: expect.stringContaining('no order of keys') }],
    });
  });

  it.each<[string, string, object[], string, string]>([
    ['a group without handlers', 'test', [], 'test', 'no method'],
    [
      'a topic of the group without a handler',
      'router',
      [MessageController],
      'step.completed',
      'nothing handles it',
    ],
    ['a topic that is not the group’s', 'classifier', [DecisionController], 'decision.made', 'does not let'],
    [
      'two handlers of one topic',
      'test',
      [MessageController, RivalController],
      'message.received',
      'more than one',
    ],
    ['a handler without a schema', 'test', [BareController], 'step.completed', 'subscribe with @On'],
  ])('with %s', async (_, group, controllers, where, words) => {
    const module = moduleWith(() => [], controllers as (typeof MessageController)[]);
    const refused: unknown = await start(() => [], { group, module }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: 'Fault', code: 'misconfigured' });
    expect((refused as Fault).problems).toContainEqual({ where, message: expect.stringContaining(words) });
    expect(closed).toEqual(['module']);
  });
});
