import { Controller } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { context } from '@opentelemetry/api';
import type { Outgoing } from '@spillway/contracts/event';
import { DecisionMadeSchema, MessageReceivedSchema } from '@spillway/contracts/events';
import { Fault, type FaultCode } from '@spillway/contracts/fault';
import { startTracing, traceIdOf } from '@spillway/telemetry/tracing';
import { of } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import type { Bus } from './bus.js';
import { On, type Received } from './on.js';
import { eventually, gate } from './testing/harness.js';
import { decorate, MessageController, message, serveStage, settled } from './testing/serve-stage.js';

type Message = Received<typeof MessageReceivedSchema>;

const stage = serveStage();

describe('serve', () => {
  it('hands a decoded event to the method and publishes what it returns', async () => {
    const received: Message[] = [];
    await stage.start((message) => {
      received.push(message);
      return [settled(message.event.messageId)];
    });
    await stage.bus.publish([message('m1', 'hi')]);
    await eventually(() => expect(stage.seen.map(({ id }) => id)).toEqual(['m1/message.settled']));
    expect(received[0]).toMatchObject({
      key: 'c1',
      id: 'm1/message.received',
      event: { messageId: 'm1', text: 'hi' },
      record: { topic: 'message.received', offset: 0 },
    });
    expect(received[0]?.signal.aborted).toBe(false);
  });

  it('takes an observable, as an interceptor would make it', async () => {
    await stage.start(() => of([settled('m1')]));
    await stage.bus.publish([message('m1')]);
    await eventually(() => expect(stage.seen.map(({ topic }) => topic)).toEqual(['message.settled']));
  });

  it.each<[string, () => unknown, FaultCode, number, string]>([
    ['a fault keeps its code', () => new Fault('rejected', 'no'), 'rejected', 1, 'no'],
    ['what may pass is tried again first', () => new Fault('throttled', 'slow'), 'throttled', 3, 'slow'],
    ['a foreign error is named, not quoted', () => new TypeError('my card'), 'unknown', 3, 'TypeError'],
  ])('parks an event with its error: %s', async (_, error, errorCode, attempts, errorDetail) => {
    await stage.start(() => Promise.reject(error()), { retry: { attempts: 3, firstMs: 1 } });
    await stage.bus.publish([{ ...message('m1'), headers: { a: 'b' } }]);
    await eventually(() => expect(stage.deadLetters.length).toBe(1));
    expect(stage.deadLetters[0]).toMatchObject({
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
    expect(stage.lines.join('')).toContain('an event is parked');
    expect(stage.lines.join('')).not.toContain('my card');
  });

  it('parks bytes that are no event, and goes on', async () => {
    await stage.start(({ event }) => [settled(event.messageId)]);
    await stage.bus.publish([
      { ...message('m1'), value: Uint8Array.of(255, 255), decoded: undefined },
      message('m2'),
    ]);
    await eventually(() => expect(stage.seen.length).toBe(2));
    expect(stage.deadLetters[0]).toMatchObject({ errorCode: 'malformed', payload: Uint8Array.of(255, 255) });
    expect(stage.seen.at(-1)?.id).toBe('m2/message.settled');
  });

  it('parks what takes longer than its deadline', async () => {
    await stage.start(({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', reject)), {
      deadlineMs: 5,
      retry: { attempts: 2, firstMs: 1 },
    });
    await stage.bus.publish([message('m1')]);
    await eventually(() =>
      expect(stage.deadLetters[0]).toMatchObject({ errorCode: 'timed_out', attempts: 2 }),
    );
  });

  it('does not run a handler twice for one event', async () => {
    let runs = 0;
    await stage.start(() => {
      runs += 1;
      return [settled('m1')];
    });
    await stage.bus.publish([message('m1'), message('m1')]);
    await eventually(() =>
      expect(stage.seen.map(({ id }) => id)).toEqual(['m1/message.settled', 'm1/message.settled']),
    );
    expect(runs).toBe(1);
  });

  it('runs the method in the trace of its event, and its events carry it on', async () => {
    const stop = startTracing();
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const traceIds: string[] = [];
    await stage.start(async () => {
      await Promise.resolve();
      traceIds.push(traceIdOf(context.active()));
      return [settled('m1')];
    });
    await stage.bus.publish([{ ...message('m1'), headers: { traceparent } }]);
    await eventually(() => expect(stage.seen[0]?.headers).toEqual({ traceparent }));
    expect(traceIds).toEqual(['a'.repeat(32)]);
    await stop();
  });

  it('lets what is in flight finish, then closes the module', async () => {
    const started = gate();
    const finish = gate();
    const service = await stage.start(async () => {
      started.open();
      await finish.opened;
      stage.closed.push('handler');
      return [settled('m1')];
    });
    await stage.bus.publish([message('m1')]);
    await started.opened;
    const closing = service.close(5_000);
    expect(service.health()).toMatchObject({ group: 'test', inFlight: 1, alive: false });
    finish.open();
    await closing;
    expect(stage.closed).toEqual(['handler', 'module']);
    expect(stage.seen.map(({ topic }) => topic)).toEqual(['message.settled']);
  });

  it('delivers again, and does not park, what was aborted because the service stopped', async () => {
    const started = gate();
    const first = await stage.start(({ signal }) => {
      started.open();
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    });
    await stage.bus.publish([message('m1')]);
    await started.opened;
    await first.close(0);
    expect(stage.seen).toEqual([]);
    await stage.start(() => [settled('m1')]);
    await eventually(() => expect(stage.seen.map(({ topic }) => topic)).toEqual(['message.settled']));
  });

  it('has the time to drain that it was given', async () => {
    const timeouts: number[] = [];
    const watched: Bus = {
      driver: stage.bus.driver,
      publish: (events) => stage.bus.publish(events),
      tail: (topics, look) => stage.bus.tail(topics, look),
      scan: (topics, look) => stage.bus.scan(topics, look),
      close: () => stage.bus.close(),
      async subscribe(options) {
        const subscription = await stage.bus.subscribe(options);
        return {
          health: () => subscription.health(),
          drain(timeoutMs) {
            timeouts.push(timeoutMs);
            return subscription.drain(timeoutMs);
          },
        };
      },
    };
    const service = await stage.start(() => [], { bus: watched });
    await service.close(4_321);
    expect(timeouts[0]).toBe(4_321);
  });

  it('says nothing in Nest’s own voice', async () => {
    const printed = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    await stage.start(() => []);
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
    expect(stage.lines).toEqual([]);
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
    const module = stage.moduleWith(() => [], [StrictController]);
    await expect(stage.start(() => [], { module, order: 'none' })).rejects.toMatchObject({
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
    const module = stage.moduleWith(() => [], controllers as (typeof MessageController)[]);
    const refused: unknown = await stage.start(() => [], { group, module }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: 'Fault', code: 'misconfigured' });
    expect((refused as Fault).problems).toContainEqual({ where, message: expect.stringContaining(words) });
    expect(stage.closed).toEqual(['module']);
  });
});
