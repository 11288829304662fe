import type { SubscriptionHealth } from '@spillway/bus/bus';
import type { Served } from '@spillway/bus/serve';
import { gauge } from '@spillway/telemetry/metrics';
import * as names from '@spillway/telemetry/names';

const measures: readonly (readonly [typeof names.BUS_LAG, (health: SubscriptionHealth) => number])[] = [
  [names.BUS_LAG, ({ lag }) => lag],
  [names.BUS_IN_FLIGHT, ({ inFlight }) => inFlight],
  [names.BUS_OLDEST_SECONDS, ({ oldestAgeMs }) => oldestAgeMs / 1000],
  [names.BUS_PARTITIONS, ({ partitions }) => partitions],
  [names.BUS_PAUSED, ({ paused }) => paused],
  [names.BUS_ASSIGNMENTS, ({ assignments }) => assignments],
];

/** Lets `/metrics` tell how far each consumer group of this process is. */
export function measureGroups(groups: readonly Served[]): void {
  for (const [metric, read] of measures) {
    gauge(metric, ['group'], (measured) => {
      for (const served of groups) {
        const health = served.health();
        measured.set({ group: health.group }, read(health));
      }
    });
  }
}
