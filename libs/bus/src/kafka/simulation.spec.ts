import { describe, expect, it } from 'vitest';
import { type Simulated, simulate } from '../testing/group-simulation.js';

const SCHEDULES = 4_000;

describe('a consumer group, in thousands of random histories', () => {
  it('skips nothing, repeats nothing within a tenure, and gets everything done', () => {
    const totals: Record<keyof Simulated, number> = {
      rebalances: 0,
      rejections: 0,
      failedCommits: 0,
      runsAgain: 0,
    };
    for (let seed = 1; seed <= SCHEDULES; seed += 1) {
      let counts: Simulated;
      try {
        counts = simulate(seed);
      } catch (cause) {
        throw new Error(`seed ${seed}: ${(cause as Error).message}`, { cause });
      }
      for (const name of Object.keys(totals) as (keyof Simulated)[]) totals[name] += counts[name];
    }
    // The histories are no walk in the park.
    for (const count of Object.values(totals)) expect(count).toBeGreaterThan(SCHEDULES);
  });
});
