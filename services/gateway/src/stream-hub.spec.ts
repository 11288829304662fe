import { create, toBinary } from '@bufbuild/protobuf';
import type { Bus, BusRecord } from '@spillway/bus/bus';
import { MessageReceivedSchema } from '@spillway/contracts/events';
import { Fault } from '@spillway/contracts/fault';
import { configureLogs } from '@spillway/telemetry/logger';
import { afterEach, expect, it, vi } from 'vitest';
import { frameOf } from './stream-frame.js';
import { StreamHub } from './stream-hub.js';

configureLogs({ level: 'silent' });

/** A bus that only can be looked at. */
function glassBus() {
  const looks = new Set<(record: BusRecord) => void>();
  const tail = vi.fn(async (_topics: readonly string[], look: (record: BusRecord) => void) => {
    looks.add(look);
    return async () => {
      looks.delete(look);
    };
  });
  const show = (record: BusRecord): void => {
    for (const look of looks) look(record);
  };
  return { bus: { tail } as unknown as Bus, tail, looks, show };
}

const record = (conversationId: string, text = 'hi'): BusRecord => ({
  topic: 'message.received',
  partition: 0,
  offset: 1,
  key: conversationId,
  id: `${conversationId}/message.received`,
  value: toBinary(MessageReceivedSchema, create(MessageReceivedSchema, { conversationId, text })),
  headers: {},
  timestamp: 0,
});

const all = { topics: undefined, conversationId: undefined };
const hubs: StreamHub[] = [];
const hubOn = (bus: Bus): StreamHub => {
  const hub = new StreamHub(bus);
  hubs.push(hub);
  return hub;
};
afterEach(async () => {
  await Promise.all(hubs.splice(0).map((hub) => hub.onModuleDestroy()));
});

it('looks at the log only while somebody listens, and once for all', async () => {
  const { bus, tail, looks } = glassBus();
  const hub = hubOn(bus);
  expect(looks.size).toBe(0);
  const [one, other] = await Promise.all([hub.listen(all), hub.listen(all)]);
  expect(tail).toHaveBeenCalledTimes(1);
  one.destroy();
  other.destroy();
  await vi.waitFor(() => expect(looks.size).toBe(0));
  const third = await hub.listen(all);
  expect(looks.size).toBe(1);
  third.destroy();
});

it('shows a listener what it asked for', async () => {
  const { bus, show } = glassBus();
  const hub = hubOn(bus);
  const mine = await hub.listen({ topics: undefined, conversationId: 'c1' });
  const settled = await hub.listen({ topics: new Set(['message.settled']), conversationId: undefined });
  show(record('c1'));
  show(record('c2'));
  await vi.waitFor(() => expect(mine.readableLength).toBeGreaterThan(50));
  const text = String(mine.read());
  expect(text).toContain('id: c1/message.received\nevent: message.received\ndata: {"conversation_id":"c1"');
  expect(text).not.toContain('c2');
  expect(String(settled.read())).toBe('retry: 2000\n: listening\n\n');
});

it('cuts off whoever reads too slowly, and nobody else', async () => {
  const { bus, show, looks } = glassBus();
  const hub = hubOn(bus);
  const slow = await hub.listen(all);
  const other = await hub.listen({ topics: undefined, conversationId: 'other' });
  await vi.waitFor(() => {
    for (let count = 0; count < 20; count += 1) show(record('c1', 'x'.repeat(100_000)));
    expect(slow.destroyed).toBe(true);
  });
  expect(other.destroyed).toBe(false);
  expect(looks.size).toBe(1);
});

it('ends every stream when the server stops, with what was still to be shown', async () => {
  const { bus, show, looks } = glassBus();
  const hub = hubOn(bus);
  const stream = await hub.listen(all);
  show(record('c1'));
  await hub.onModuleDestroy();
  const chunks = await stream.toArray();
  expect(chunks.join('')).toContain('event: message.received');
  expect(looks.size).toBe(0);
  await expect(hub.listen(all)).rejects.toMatchObject({ code: 'unavailable' });
});

it('lets the next listener try again when the log could not be looked at', async () => {
  const { bus, tail } = glassBus();
  tail.mockRejectedValueOnce(new Fault('unavailable', 'no broker'));
  const hub = hubOn(bus);
  await expect(hub.listen(all)).rejects.toMatchObject({ code: 'unavailable' });
  const stream = await hub.listen(all);
  expect(String(stream.read())).toContain('listening');
});

it('passes over an event that cannot be read', () => {
  expect(frameOf({ ...record('c1'), value: new Uint8Array([255]) })).toBe(
    ': an event of message.received that cannot be read\n\n',
  );
  expect(frameOf(record('c1', 'two\nlines'))).not.toContain('two\nlines');
});
