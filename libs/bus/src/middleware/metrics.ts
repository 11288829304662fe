import type { Outgoing } from '@spillway/contracts/event';
import { deadTopic, retryTopic } from '@spillway/contracts/topology';
import { counter, histogram, SECONDS } from '@spillway/telemetry/metrics';
import { EVENT_SECONDS, EVENTS_HANDLED } from '@spillway/telemetry/names';
import type { Middleware } from './middleware.js';

/**
 * Counts deliveries by topic and how they ended (`ok`, `dead`, or `retried` when the record is to be delivered again,
 * from where it lies or from the retry topic), and measures the time that each took, retries in place included.
 */
export function measured(group: string): Middleware {
  const handled = counter(EVENTS_HANDLED, ['group', 'topic', 'result']);
  const seconds = histogram(EVENT_SECONDS, ['group'], SECONDS);
  const ended = (topic: string, result: 'ok' | 'dead' | 'retried', startedAt: number): void => {
    handled.inc({ group, topic, result });
    seconds.observe({ group }, (performance.now() - startedAt) / 1000);
  };
  return (next) => (record, signal) => {
    const { topic } = record;
    const startedAt = performance.now();
    return next(record, signal).then(
      (outputs) => {
        ended(topic, resultOf(outputs, topic, group), startedAt);
        return outputs;
      },
      (error: unknown) => {
        ended(topic, 'retried', startedAt);
        throw error;
      },
    );
  };
}

function resultOf(outputs: readonly Outgoing[], topic: string, group: string): 'ok' | 'retried' | 'dead' {
  const [output] = outputs;
  if (output === undefined || outputs.length > 1) return 'ok';
  if (output.topic === deadTopic(topic, group)) return 'dead';
  return output.topic === retryTopic(topic, group) ? 'retried' : 'ok';
}
