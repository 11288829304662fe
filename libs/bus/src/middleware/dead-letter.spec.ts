import { decode } from '@spillway/contracts/event';
import { DeadLetteredSchema } from '@spillway/contracts/events';
import { Fault, type FaultCode } from '@spillway/contracts/fault';
import { describe, expect, it } from 'vitest';
import type { BusRecord } from '../bus.js';
import { record } from '../testing/record.js';
import { deadLetter, park } from './dead-letter.js';
import type { Postpone } from './postpone.js';

const running = new AbortController().signal;
const stopping = AbortSignal.abort();

const never: Postpone = (_, { attempts }) => ({ kind: 'over', attempts });

async function handled(error: unknown, over: Partial<BusRecord> = {}, signal = running) {
  const handle = deadLetter({ postpone: never, park: park({ group: 'router', now: () => 1_234 }) })(() =>
    Promise.reject(error),
  );
  const [output] = await handle(record(over), signal);
  return { output, event: decode(DeadLetteredSchema, output?.value ?? new Uint8Array()) };
}

describe('dead letter', () => {
  it('holds all that is needed to replay the record', async () => {
    const sick = { value: Uint8Array.of(1, 2), headers: { traceparent: 'x' } };
    const { output, event } = await handled(new Fault('rejected', 'refused').after(3), sick);
    expect(output).toMatchObject({
      topic: 'message.received.router.dead',
      key: 'c1',
      id: 'm1/message.received.router.dead/m1/message.received',
    });
    expect(event).toMatchObject({
      conversationId: 'c1',
      messageId: 'm1',
      group: 'router',
      originTopic: 'message.received',
      originPartition: 1,
      originOffset: 7n,
      eventId: 'm1/message.received',
      headers: { traceparent: 'x' },
      payload: Uint8Array.of(1, 2),
      errorCode: 'rejected',
      errorDetail: 'refused',
      attempts: 3,
      failedAt: { seconds: 1n, nanos: 234_000_000 },
    });
  });

  it('has the same id however often it is made, and another for another record', async () => {
    const [once, again, other] = await Promise.all([
      handled(new Error('x')),
      handled(new Error('y')),
      handled(new Error('x'), { id: 'm2/message.received' }),
    ]);
    expect(once.output?.id).toBe(again.output?.id);
    expect(once.output?.id).not.toBe(other.output?.id);
  });

  it.each<[string, unknown, string, string]>([
    ['our own words', new Fault('malformed', 'not a Message'), 'malformed', 'not a Message'],
    ['only the name of a foreign error', new SyntaxError('"my card is"'), 'unknown', 'SyntaxError'],
    ['nothing of what is no error', 'my card is', 'unknown', 'unknown'],
  ])('tells %s', async (_, error, errorCode, errorDetail) => {
    expect((await handled(error)).event).toMatchObject({ errorCode, errorDetail });
  });

  it('parks a record without key or known id', async () => {
    const { event } = await handled(new Error('x'), { key: '', id: 'foreign' });
    expect(event).toMatchObject({ conversationId: 'none', messageId: '', eventId: 'foreign' });
  });

  it.each<[string, FaultCode, AbortSignal, boolean]>([
    ['parks a cancellation that nobody asked for', 'cancelled', running, true],
    ['passes a cancellation on while the process stops', 'cancelled', stopping, false],
    ['passes on what another try might mend while the process stops', 'unavailable', stopping, false],
    ['passes on an outage, which is not the fault of the record', 'unavailable', running, false],
    ['parks what no try can mend, also while the process stops', 'malformed', stopping, true],
  ])('%s', async (_, code, signal, parks) => {
    const fault = new Fault(code, 'x');
    const result: unknown = await handled(fault, {}, signal).catch((error: unknown) => error);
    if (parks) expect(result).toMatchObject({ event: { errorCode: code } });
    else expect(result).toBe(fault);
  });

  it('leaves alone what succeeds, and tells of what it parks', async () => {
    const told: string[] = [];
    const layer = deadLetter({
      postpone: never,
      park: park({ group: 'router', onDead: ({ id }, { code }) => told.push(`${id} ${code}`) }),
    });
    expect(await layer(async () => [])(record(), running)).toEqual([]);
    await layer(() => Promise.reject(new Fault('missing', 'x')))(record(), running);
    expect(told).toEqual(['m1/message.received missing']);
  });

  it('has all attempts, an id of its own after each replay, and nothing of how it was put off', async () => {
    const { output, event } = await handled(new Fault('rejected', 'x'), {
      headers: { traceparent: 'x', 'retry-replays': '2', 'retry-tier': '1', 'not-before': '99' },
    });
    expect(output?.id).toBe('m1/message.received.router.dead/m1/message.received/replay-2');
    expect(event.headers).toEqual({ traceparent: 'x', 'retry-replays': '2' });
  });

  it('lets what is to run again later do so, and tells of it', async () => {
    const told: string[] = [];
    const event = { topic: 't', key: 'k', id: 'i', value: new Uint8Array(), headers: {} };
    const later: Postpone = () => ({ kind: 'later', event, delayMs: 10 });
    const held = new Fault('unknown', 'x', { retryAfterMs: 20 });
    const hold: Postpone = () => ({ kind: 'hold', fault: held, delayMs: 20 });
    const layers = [later, hold].map((postpone) =>
      deadLetter({
        postpone,
        park: park({ group: 'router' }),
        onLater: (_, { code }, ms) => told.push(`${code} ${ms}`),
      }),
    );
    const results = layers.map((layer) =>
      layer(() => Promise.reject(new Fault('timed_out', 'x')))(record(), running),
    );
    expect(await results[0]).toEqual([event]);
    await expect(results[1]).rejects.toBe(held);
    expect(told).toEqual(['timed_out 10', 'timed_out 20']);
  });

  it('does not park a dead letter, which lies on its topic already', async () => {
    const told: string[] = [];
    const layer = deadLetter({
      postpone: never,
      park: park({ group: 'ledger', onDead: ({ topic }) => told.push(topic) }),
    });
    const topic = 'message.received.router.dead';
    const handle = layer(() => Promise.reject(new Fault('malformed', 'x')));
    expect(await handle(record({ topic }), running)).toEqual([]);
    expect(told).toEqual([topic]);
  });
});
