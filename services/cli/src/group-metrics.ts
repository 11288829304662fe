import type { Served } from '@spillway/bus/serve';
import { gauge } from '@spillway/telemetry/metrics';
import { BUS_IN_FLIGHT, BUS_LAG, BUS_OLDEST_SECONDS } from '@spillway/telemetry/names';

/** Lets `/metrics` tell how far each consumer group of this process is. */
export function measureGroups(groups: readonly Served[]): void {
  gauge(BUS_LAG, ['group'], (lag) => {
    for (const { health } of groups) lag.set({ group: health().group }, health().lag);
  });
  gauge(BUS_IN_FLIGHT, ['group'], (inFlight) => {
    for (const { health } of groups) inFlight.set({ group: health().group }, health().inFlight);
  });
  gauge(BUS_OLDEST_SECONDS, ['group'], (oldest) => {
    for (const { health } of groups) oldest.set({ group: health().group }, health().oldestAgeMs / 1000);
  });
}
