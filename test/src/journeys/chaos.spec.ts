import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { runChaos } from '../../chaos/run.js';

it('kills, outages and restarts under load break no promise', async () => {
  const report = await runChaos({
    seed: 7,
    messages: 300,
    rate: 20,
    counts: {
      workerKills: 3,
      routerKills: 1,
      ledgerKills: 0,
      gatewayKills: 0,
      kafkaKills: 1,
      redisKills: 1,
      postgresKills: 0,
      workerRestarts: 0,
      routerRestarts: 0,
      joins: 1,
    },
    calmShare: 0,
    processes: { worker: 2, router: 2, ledger: 1, gateway: 1 },
    // Other specs share the machine.
    slackMs: 10_000,
    stormMs: 150_000,
    endMs: 60_000,
    say: () => undefined,
  });
  expect(report.blows.dealt).toBe(report.blows.planned);
  expect(report.violations, report.markdown).toEqual([]);
  // Whoever has to look into a run that failed needs its logs.
  rmSync(report.folder, { recursive: true });
}, 300_000);
