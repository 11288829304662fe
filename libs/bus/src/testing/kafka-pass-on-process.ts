import { setTimeout as sleep } from 'node:timers/promises';
import { openKafkaBus } from '../kafka.js';

// Run by a spec as a process of its own, which kills it: a member of a group that passes everything on.
const [broker = '', from = '', to = ''] = process.argv.slice(2);
const bus = await openKafkaBus({
  brokers: [broker],
  timings: { sessionTimeoutMs: 2_000, heartbeatMs: 200, rebalanceTimeoutMs: 3_000 },
});
await bus.subscribe({
  group: from,
  topics: [from],
  slots: 10,
  order: 'key',
  async handle({ key, id, value }) {
    await sleep(10);
    process.stdout.write(`${id}\n`);
    return [{ topic: to, key, id, value, headers: {} }];
  },
});
process.stdout.write('joined\n');
