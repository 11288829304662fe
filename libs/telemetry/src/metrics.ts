import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** The process's metrics, as `/metrics` serves them. */
export const registry = new Registry();

/** Adds what is known of the process itself: memory, CPU, event loop lag. Call once. */
export const measureProcess = (): void =>
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });

interface Named {
  readonly name: string;
  readonly help: string;
}

/** The counter of that name; made on first use. */
export function counter<L extends string>(metric: Named, labelNames: readonly L[]): Counter<L> {
  const found = registry.getSingleMetric(metric.name) as Counter<L> | undefined;
  return found ?? new Counter({ ...metric, labelNames: [...labelNames], registers: [registry] });
}

/** The gauge of that name; `collect`, where given, sets it when it is read. */
export function gauge<L extends string>(
  metric: Named,
  labelNames: readonly L[],
  collect?: (gauge: Gauge<L>) => void | Promise<void>,
): Gauge<L> {
  registry.removeSingleMetric(metric.name);
  return new Gauge({
    ...metric,
    labelNames: [...labelNames],
    registers: [registry],
    ...(collect === undefined
      ? {}
      : {
          collect(this: Gauge<L>) {
            return collect(this);
          },
        }),
  });
}

/** Buckets for times in seconds, from a quarter of a millisecond to a minute. */
export const SECONDS = [0.00025, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Buckets for probabilities. */
export const PROBABILITIES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99];

/** The histogram of that name; made on first use. */
export function histogram<L extends string>(
  metric: Named,
  labelNames: readonly L[],
  buckets: readonly number[],
): Histogram<L> {
  const found = registry.getSingleMetric(metric.name) as Histogram<L> | undefined;
  return (
    found ??
    new Histogram({ ...metric, labelNames: [...labelNames], buckets: [...buckets], registers: [registry] })
  );
}
