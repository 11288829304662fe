import { EventEmitter } from 'node:events';
import { configureLogs, createLogger } from '@spillway/telemetry/logger';
import { type Consumer, Kafka } from 'kafkajs';
import { describe, expect, it, vi } from 'vitest';
import { type ConsumerListener, defaultTimings, openConsumer } from './consumer.js';

configureLogs({ level: 'silent' });

/** A client that says what this spec says, in the order in which kafkajs says it. */
function saying(connect = async (): Promise<void> => undefined) {
  const client = new Kafka({ brokers: ['127.0.0.1:1'] });
  const { events } = client.consumer({ groupId: 'g' });
  const said = new EventEmitter();
  const say = (event: keyof typeof events, payload: object = {}): void =>
    void said.emit(events[event], { payload });
  const consumer = {
    events,
    on: (event: string, listen: (event: object) => void) => said.on(event, listen),
    connect,
    subscribe: async () => undefined,
    run: vi.fn(async () => say('GROUP_JOIN', { memberAssignment: { t: [0, 1] } })),
    disconnect: vi.fn(async () => undefined),
  };
  const made = vi.spyOn(client, 'consumer').mockReturnValue(consumer as unknown as Consumer);
  const told: string[] = [];
  const listener: ConsumerListener = {
    onRevoke: () => void told.push('revoked'),
    onAssign: (partitions) => void told.push(`assigned ${partitions.map(({ partition }) => partition)}`),
    onFetch: () => true,
    onFatal: () => void told.push('dead'),
  };
  const open = (joinMs = defaultTimings.joinMs) =>
    openConsumer({
      client,
      group: 'g',
      topics: ['t'],
      timings: { ...defaultTimings, joinMs },
      logger: createLogger('spec'),
      listener,
    });
  return { say, told, open, consumer, options: () => made.mock.calls[0]?.[0] };
}

async function joined() {
  const { say, told, open, consumer, options } = saying();
  const member = await open();
  told.length = 0;
  return { say, told, member, disconnect: consumer.disconnect, options: options() };
}

it('a consumer that connects after the time to join is over does not join, and closes its connection', async () => {
  const connected = Promise.withResolvers<void>();
  const { open, consumer } = saying(() => connected.promise);
  await expect(open(1)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('group g'),
  });
  expect(consumer.disconnect).toHaveBeenCalledTimes(1);
  connected.resolve();
  await vi.waitFor(() => expect(consumer.disconnect).toHaveBeenCalledTimes(2));
  expect(consumer.run).not.toHaveBeenCalled();
});

describe('a member that has left while its client was about to join', () => {
  it('has nothing of what it joins, and leaves again', async () => {
    const { say, told, member, disconnect } = await joined();
    await member.leave(1_000);
    expect(disconnect).toHaveBeenCalledTimes(1);
    say('GROUP_JOIN', { memberAssignment: { t: [1] } });
    say('FETCH_START');
    expect(told).toEqual([]);
    expect(disconnect).toHaveBeenCalledTimes(2);
  });

  it('does not start again after a crash', async () => {
    const { member, options } = await joined();
    const startsAgain = () => options?.retry?.restartOnFailure?.(new Error('gone'));
    expect(await startsAgain()).toBe(true);
    await member.leave(1_000);
    expect(await startsAgain()).toBe(false);
  });
});

describe('a member that was told of a rebalance', () => {
  it('has its partitions again when joining has failed and its broker still knows it', async () => {
    const { say, told } = await joined();
    say('REBALANCING');
    say('FETCH_START');
    expect(told).toEqual(['revoked']);
    say('HEARTBEAT');
    expect(told).toEqual(['revoked', 'assigned 0,1']);
    say('HEARTBEAT');
    expect(told).toHaveLength(2);
  });

  it('waits for its new partitions, whatever it hears of the time before', async () => {
    const { say, told } = await joined();
    say('REBALANCING');
    say('HEARTBEAT');
    expect(told).toEqual(['revoked']);
    say('GROUP_JOIN', { memberAssignment: { t: [1] } });
    say('FETCH_START');
    say('HEARTBEAT');
    expect(told).toEqual(['revoked', 'assigned 1']);
  });

  it('has none after a crash until it has joined anew', async () => {
    const { say, told } = await joined();
    say('REBALANCING');
    say('CRASH', { error: new Error('gone'), restart: true });
    say('FETCH_START');
    say('HEARTBEAT');
    expect(told.filter((each) => each.startsWith('assigned'))).toEqual([]);
    say('GROUP_JOIN', { memberAssignment: { t: [0] } });
    expect(told.at(-1)).toBe('assigned 0');
  });
});
