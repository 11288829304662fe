import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bus } from '@spillway/bus/bus';
import { openEmbeddedBus } from '@spillway/bus/embedded';
import { Fault } from '@spillway/contracts/fault';
import { LOCAL } from '@spillway/http/api-keys';
import { openEmbeddedKeyedState } from '@spillway/store/embedded-keyed-state';
import type { KeyedState } from '@spillway/store/keyed-state';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Intake } from './intake.js';
import { readLine } from './message-request.js';
import type { Receipt } from './receipt.js';

let folder: string;
let bus: Bus;
let state: KeyedState;
let intake: Intake;
/** Ids of every `message.received` that the log was given. */
let published: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'intake-'));
  bus = openEmbeddedBus({ path: join(folder, 'bus.db') });
  state = openEmbeddedKeyedState({ path: join(folder, 'state.db') });
  intake = new Intake(bus, state);
  published = [];
  await bus.tail(['message.received'], ({ id }) => published.push(id));
});
afterEach(async () => {
  await bus.close();
  await state.close();
  await rm(folder, { recursive: true });
});

async function admit(...keys: readonly string[]): Promise<readonly string[]> {
  const arrivals = keys.map((idempotency_key) => ({
    ...readLine({ text: 'hello', idempotency_key }),
    trace: {},
  }));
  return (await intake.admit(arrivals, LOCAL, 0)).map((receipt) => (receipt as Receipt).id);
}

const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);

it('publishes a message once, however many calls with its key come at the same moment', async () => {
  const ids = await Promise.all(keys.map(() => admit('k')));
  expect(new Set(ids.flat()).size).toBe(1);
  expect(published).toHaveLength(1);
});

it('publishes each message of several batches once, whatever their order', async () => {
  await Promise.all([admit(...keys), admit(...keys.toReversed()), admit(...keys)]);
  expect(published).toHaveLength(keys.length);
});

it('publishes once what an earlier call had left unpublished', async () => {
  vi.spyOn(bus, 'publish').mockRejectedValueOnce(new Fault('unavailable', 'no broker'));
  await expect(admit('k')).rejects.toThrow('no broker');
  await Promise.all(keys.map(() => admit('k')));
  expect(published).toHaveLength(1);
});

it('answers for nothing that another call did not get onto the log', async () => {
  vi.spyOn(bus, 'publish').mockRejectedValueOnce(new Fault('unavailable', 'no broker'));
  const calls = await Promise.allSettled(keys.map(() => admit('k')));
  const answered = calls.filter(({ status }) => status === 'fulfilled');
  expect(published.length).toBe(answered.length === 0 ? 0 : 1);
  await admit('k');
  expect(published).toHaveLength(1);
});
