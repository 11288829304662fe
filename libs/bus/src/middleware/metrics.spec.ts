import { Fault } from '@spillway/contracts/fault';
import { registry } from '@spillway/telemetry/metrics';
import { EVENT_SECONDS, EVENTS_HANDLED } from '@spillway/telemetry/names';
import { expect, it } from 'vitest';
import { event } from '../testing/harness.js';
import { record } from '../testing/record.js';
import { measured } from './metrics.js';

it('counts how each delivery ended, and takes its time', async () => {
  const { signal } = new AbortController();
  const layer = measured('router');
  const dead = event('message.received.router.dead', 'c1', 'x');
  await layer(async () => [event('draft.requested', 'c1', 'x')])(record(), signal);
  await layer(async () => [])(record(), signal);
  await layer(async () => [dead])(record(), signal);
  await layer(async () => [event('message.received.router.retry', 'c1', 'x')])(record(), signal);
  const failing = layer(() => Promise.reject(new Fault('cancelled', 'x')));
  await expect(failing(record(), signal)).rejects.toThrow('x');
  const text = await registry.metrics();
  const labels = (result: string) => `{group="router",topic="message.received",result="${result}"}`;
  expect(text).toContain(`${EVENTS_HANDLED.name}${labels('ok')} 2`);
  expect(text).toContain(`${EVENTS_HANDLED.name}${labels('dead')} 1`);
  expect(text).toContain(`${EVENTS_HANDLED.name}${labels('retried')} 2`);
  expect(text).toContain(`${EVENT_SECONDS.name}_count{group="router"} 5`);
});
