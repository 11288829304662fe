import type { Payments } from './calls.js';
import type { Fates } from './fates.js';
import type { Collapse, Farewell, Fleet } from './fleet.js';
import type { TakeOver } from './groups.js';
import type { ServerOutage } from './servers.js';

/** Everything that was seen of a run. */
export interface Findings {
  readonly options: {
    readonly seed: number;
    readonly messages: number;
    readonly slackMs: number;
    readonly processes: Readonly<Record<string, number>>;
  };
  readonly origins: readonly string[];
  /** Of the last minute before the run, by others. */
  readonly loadAtStart: number;
  readonly seconds: number;
  readonly blows: { readonly dealt: number; readonly planned: number };
  readonly accepted: number;
  readonly repeats: number;
  readonly problems: readonly string[];
  readonly foreign: number;
  readonly fates: Fates;
  readonly ledgerFaults: readonly string[];
  readonly payments: Payments;
  readonly outages: readonly ServerOutage[];
  readonly kills: Fleet['kills'];
  readonly farewells: readonly Farewell[];
  readonly collapses: readonly Collapse[];
  readonly takeOvers: { readonly kills: readonly TakeOver[]; readonly farewells: readonly TakeOver[] };
  /** Where it came to a halt; empty when every message ended. */
  readonly stuck: readonly string[];
}
