import { context, trace } from '@opentelemetry/api';
import { Fault, type FaultCode } from '@spillway/contracts/fault';
import { startTracing, tracer } from '@spillway/telemetry/tracing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BusRecord } from '../bus.js';
import { failedTraceparentOf, originals, trailOf } from '../retry-topic.js';
import { record } from '../testing/record.js';
import { type Order, type Postponement, postpone } from './postpone.js';

let stop: () => Promise<void>;
beforeAll(() => {
  stop = startTracing();
});
afterAll(() => stop());

const NOW = 1_000_000;
const GROUP = 'classifier';
const postponing = (order: Order, delaysMs: readonly number[] = [10_000, 60_000]) =>
  postpone({ group: GROUP, delaysMs, orderOf: () => order, now: () => NOW });

/** What a postponed event looks like when it comes back from the retry topic. */
function cameBack(postponement: Postponement): BusRecord {
  if (postponement.kind !== 'later') throw new Error(`it is ${postponement.kind}`);
  const { topic, key, id, value, headers } = postponement.event;
  const lying = { topic, partition: 3, offset: 99, key, id, value, headers, timestamp: NOW };
  return originals(GROUP)(lying);
}

interface Rule {
  readonly order: Order;
  readonly code: FaultCode;
  readonly retryAfterMs?: number;
  /** Rounds of attempts that the record had before. */
  readonly rounds?: number;
  /** Three attempts a round. */
  readonly wants: readonly ['later' | 'hold', number] | readonly ['over', number];
}

describe('postpone', () => {
  it.each<[string, Rule]>([
    ['relaxed: it goes to the retry topic', { order: 'relaxed', code: 'unknown', wants: ['later', 10_000] }],
    [
      'relaxed: it waits longer the second time',
      { order: 'relaxed', code: 'timed_out', rounds: 1, wants: ['later', 60_000] },
    ],
    [
      'relaxed: and then has had its tries',
      { order: 'relaxed', code: 'unknown', rounds: 2, wants: ['over', 9] },
    ],
    ['strict: it is held where it is', { order: 'strict', code: 'unknown', wants: ['hold', 10_000] }],
    [
      'strict: longer the second time',
      { order: 'strict', code: 'conflict', rounds: 1, wants: ['hold', 60_000] },
    ],
    [
      'strict: and then has had its tries',
      { order: 'strict', code: 'unknown', rounds: 2, wants: ['over', 9] },
    ],
    ['what no try can mend never waits', { order: 'relaxed', code: 'malformed', wants: ['over', 3] }],
    ['nor where it is held', { order: 'strict', code: 'rejected', rounds: 1, wants: ['over', 6] }],
    [
      'it waits as long as the other side asks for',
      { order: 'relaxed', code: 'throttled', retryAfterMs: 20_000, wants: ['later', 20_000] },
    ],
    [
      'but not shorter than planned',
      { order: 'strict', code: 'throttled', retryAfterMs: 1, wants: ['hold', 10_000] },
    ],
  ])('%s', (_, { order, code, retryAfterMs, rounds = 0, wants }) => {
    const decide = postponing(order);
    let sick = record();
    for (let round = 0; round < rounds; round += 1) {
      const postponement = decide(sick, new Fault('unknown', 'x').after(3));
      if (order === 'relaxed') sick = cameBack(postponement);
    }
    const details = retryAfterMs === undefined ? {} : { retryAfterMs };
    const result = decide(sick, new Fault(code, 'x', { ...details, attempts: 3 }));
    expect([result.kind, result.kind === 'over' ? result.attempts : result.delayMs]).toEqual(wants);
  });

  it('puts a record off with its own id, key, value and headers, and shows it as it was', () => {
    const sick = record({ value: Uint8Array.of(1, 2), headers: { traceparent: 'x' } });
    const postponement = postponing('relaxed')(sick, new Fault('unknown', 'x').after(5));
    expect(postponement).toMatchObject({
      event: {
        topic: 'message.received.classifier.retry',
        key: 'c1',
        id: 'm1/message.received',
        headers: { traceparent: 'x', 'not-before': `${NOW + 10_000}` },
      },
    });
    const back = cameBack(postponement);
    expect(back).toMatchObject({
      topic: 'message.received',
      partition: 1,
      offset: 7,
      id: sick.id,
      key: 'c1',
    });
    expect(back.value).toEqual(sick.value);
    expect(trailOf(back)).toEqual({ attempts: 5, tier: 1, replays: 0 });
  });

  it('notes the span of the attempt that failed', () => {
    const span = tracer('classifier').startSpan('process');
    const failing = () => postponing('relaxed')(record(), new Fault('unknown', 'x'));
    const back = cameBack(context.with(trace.setSpan(context.active(), span), failing));
    expect(failedTraceparentOf(back)).toContain(span.spanContext().spanId);
  });

  it('holds with the same fault, so that logs and traces tell the truth', () => {
    const cause = new TypeError('x');
    const result = postponing('strict')(record(), Fault.from(cause));
    expect(result).toMatchObject({ fault: { code: 'unknown', cause, retryAfterMs: 10_000 } });
  });

  it.each<Order>(['relaxed', 'strict'])('waits every delay once, and loses no attempt: %s', (order) => {
    const rounds = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(rounds, (attempts) => {
        const delays = attempts.slice(1).map((_, tier) => tier + 1);
        const decide = postponing(order, delays);
        const waited: number[] = [];
        let sick = record();
        for (const tries of attempts) {
          const result = decide(sick, new Fault('unknown', 'x', { attempts: tries }));
          if (result.kind === 'over') {
            expect(result.attempts).toBe(attempts.reduce((sum, each) => sum + each));
          } else {
            waited.push(result.delayMs);
            if (result.kind === 'later') sick = cameBack(result);
          }
        }
        expect(waited).toEqual(delays);
      }),
    );
  });

  it('keeps the trail of each record apart', () => {
    const decide = postponing('strict', [1]);
    const [one, other] = [record(), record()];
    decide(one, new Fault('unknown', 'x'));
    expect(decide(other, new Fault('unknown', 'x'))).toMatchObject({ kind: 'hold' });
    expect(decide(one, new Fault('unknown', 'x'))).toEqual({ kind: 'over', attempts: 2 });
  });
});
