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
  return (next) => (record, signal) => {
    const { topic } = record;
    const startedAt = performance.now();
    const ended = (result: 'ok' | 'dead' | 'retried'): void => {
      handled.inc({ group, topic, result });
      seconds.observe({ group }, (performance.now() - startedAt) / 1000);
    };
    return next(record, signal).then(
      (outputs) => {
        const dead = outputs.length === 1 && outputs[0]?.topic === deadTopic(topic, group);
        ended(dead ? 'dead' : 'ok');
        return outputs;
      },
      (error: unknown) => {
        ended('retried');
        throw error;
      },
    );
  };
}
