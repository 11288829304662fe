// `npm run chaos [-- --seed n --messages n --minutes n]`: kills, outages and restarts under load, on real servers.
import { parseArgs } from 'node:util';
import './from-source.mjs';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    messages: { type: 'string', default: '10000' },
    // For the storm; the messages then have ten minutes to end in.
    minutes: { type: 'string', default: '30' },
  },
});
const [seed, messages, minutes] = [values.seed, values.messages, values.minutes].map(Number);
if (![seed, messages, minutes].every((number) => Number.isInteger(number) && number > 0)) {
  process.stderr.write('usage: npm run chaos -- [--seed n] [--messages n] [--minutes n], whole numbers\n');
  process.exit(2);
}

const { runChaos } = await import('../test/chaos/run.ts');
const { fullCounts } = await import('../test/chaos/schedule.ts');
const startedAt = Date.now();
const report = await runChaos({
  seed,
  messages,
  rate: 60,
  counts: scaled(fullCounts, messages / 10_000),
  calmShare: 0.25,
  processes: { worker: 3, router: 2, ledger: 2, gateway: 2 },
  slackMs: 2_000,
  stormMs: minutes * 60_000,
  endMs: 600_000,
  say: (line) =>
    process.stdout.write(`${String(Math.round((Date.now() - startedAt) / 1000)).padStart(5)} s  ${line}\n`),
});
process.stdout.write(`\n${report.markdown}\n`);
process.exit(report.violations.length > 0 ? 1 : 0);

/** Fewer messages, fewer blows, and one of each at least. */
function scaled(counts, share) {
  return Object.fromEntries(
    Object.entries(counts).map(([name, count]) => [
      name,
      Math.max(1, Math.round(count * Math.min(1, share))),
    ]),
  );
}
