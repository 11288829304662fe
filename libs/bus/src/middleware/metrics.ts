import { deadTopic } from '@spillway/contracts/topology';
import { counter, histogram, SECONDS } from '@spillway/telemetry/metrics';
import { EVENT_SECONDS, EVENTS_HANDLED } from '@spillway/telemetry/names';
import type { Middleware } from './middleware.js';

/**
 * Counts deliveries by topic and how they ended (`ok`, `dead`, or `retried` when the driver is to deliver the record
 * again), and measures the time that each took, retries in place included.
 */
export function measured(group: string): Middleware {
  const handled = counter(EVENTS_HANDLED, ['group', 'topic', 'result']);
  const seconds = histogram(EVENT_SECONDS, ['group'], SECONDS);
  return (next) => async (record, signal) => {
    const { topic } = record;
    const startedAt = performance.now();
    try {
      const outputs = await next(record, signal);
      const dead = outputs.length === 1 && outputs[0]?.topic === deadTopic(topic, group);
      handled.inc({ group, topic, result: dead ? 'dead' : 'ok' });
      return outputs;
    } catch (error) {
      handled.inc({ group, topic, result: 'retried' });
      throw error;
    } finally {
      seconds.observe({ group }, (performance.now() - startedAt) / 1000);
    }
  };
}
