import { setTimeout as delay } from 'node:timers/promises';
import { median } from '../statistics.js';
import { head, row, shown } from '../table.js';
import { withBroker } from './broker.js';
import type { Contender, Work } from './contender.js';
import { batchBarrier } from './plain-kafkajs.js';
import { fill } from './records.js';
import { bareBus, service } from './spillway.js';
import { stockNest } from './stock-nest.js';

const CALL_MS = 450;
const STALL_MS = 10_000;
const SLOTS = 400;
const IDEAL = SLOTS / (CALL_MS / 1000);
const TOPIC = 'message.received';

interface Sizes {
  readonly rounds: number;
  /** Messages that are done in this time count. Stalls need longer until as many end as begin. */
  readonly seconds: { readonly even: number; readonly stalls: number };
}

const defaults: Sizes = { rounds: 3, seconds: { even: 15, stalls: 30 } };

const contenders: readonly (readonly [Contender, 'every round' | 'once'])[] = [
  [service, 'every round'],
  [bareBus, 'every round'],
  [batchBarrier, 'every round'],
  // What it does is known after one round, to the millisecond of a call.
  [stockNest(1), 'once'],
  [stockNest(12), 'once'],
];

/** One partition, calls of 450 ms, 400 slots: what becomes of a slow call, and of one in two hundred that stalls. */
export async function slowCalls(sizes: Sizes = defaults): Promise<void> {
  const { even, stalls } = sizes.seconds;
  process.stdout.write(
    `\nOne partition, calls of ${CALL_MS} ms (timers), ${SLOTS} slots: ${shown(IDEAL)}/s at best. ` +
      `Messages done in ${even} s after 2 s (with stalls: ${stalls} s after ${STALL_MS / 1000 + 2} s), median of ${sizes.rounds} rounds.\n`,
  );
  head(
    'consumer',
    'messages/s',
    'of slots / latency',
    'with 0.5 % stalling 10 s',
    'of slots / latency',
    'CPU %',
  );
  await withBroker(1, [], async (broker) => {
    const backlog = Math.ceil(IDEAL * (Math.max(even + 2, stalls + STALL_MS / 1000 + 2) + 3));
    await fill(broker, backlog, backlog);
    const results = new Map<Contender, { calm: Rate[]; stalled: Rate[] }>();
    for (let round = 0; round < sizes.rounds; round += 1) {
      for (const [contender, how] of contenders) {
        if (how === 'once' && round > 0) continue;
        const { calm, stalled } = results.get(contender) ?? { calm: [], stalled: [] };
        calm.push(await rateOf(contender, broker, () => CALL_MS, 2, even));
        stalled.push(await rateOf(contender, broker, callMs, STALL_MS / 1000 + 2, stalls));
        results.set(contender, { calm, stalled });
      }
    }
    for (const [contender, { calm, stalled }] of results) {
      const rates = [calm, stalled].map((each) => median(each.map(({ perSecond }) => perSecond)));
      const cpu = median(calm.map(({ cpuPercent }) => cpuPercent));
      row(contender.name, ...rates.flatMap((rate) => [shown(rate), share(rate)]), shown(cpu));
    }
  });
}

/** The same on twelve partitions: what NestJS's own lever brings. */
export async function slowCallsOnTwelvePartitions(seconds = 15): Promise<void> {
  process.stdout.write(`\nThe same calls on twelve partitions, ${seconds} s after 2 s, one round.\n`);
  head('consumer', 'messages/s', 'of slots / latency');
  await withBroker(12, [], async (broker) => {
    const backlog = Math.ceil(IDEAL * (seconds + 5));
    await fill(broker, backlog, backlog);
    for (const contender of [service, stockNest(1), stockNest(12)]) {
      const { perSecond } = await rateOf(contender, broker, () => CALL_MS, 2, seconds);
      row(contender.name, shown(perSecond), share(perSecond));
    }
  });
}

const share = (rate: number): string => `${shown((100 * rate) / IDEAL)} %`;

/** The same one in two hundred in every run. */
function callMs(id: string): number {
  const n = Number(/\d+/.exec(id)?.[0]);
  return Math.imul(n + 1, 0x9e3779b1) >>> 0 < 2 ** 32 / 200 ? STALL_MS : CALL_MS;
}

interface Rate {
  readonly perSecond: number;
  readonly cpuPercent: number;
}

async function rateOf(
  contender: Contender,
  broker: string,
  callMsOf: (id: string) => number,
  warmSeconds: number,
  seconds: number,
): Promise<Rate> {
  const begun = Promise.withResolvers<void>();
  let done = 0;
  const work: Work = async ({ id }) => {
    begun.resolve();
    await delay(callMsOf(id));
    done += 1;
  };
  const running = await contender.start({ broker, topic: TOPIC, work, slots: SLOTS, forward: false });
  await begun.promise;
  await delay(warmSeconds * 1000);
  const before = { done, cpu: process.cpuUsage(), at: performance.now() };
  await delay(seconds * 1000);
  const elapsed = (performance.now() - before.at) / 1000;
  const { user, system } = process.cpuUsage(before.cpu);
  const perSecond = (done - before.done) / elapsed;
  await running.stop();
  return { perSecond, cpuPercent: (user + system) / 1e4 / elapsed };
}
