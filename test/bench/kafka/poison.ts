import { setTimeout as delay } from 'node:timers/promises';
import { openKafkaBus } from '@spillway/bus/kafka';
import { median, quantile } from '../statistics.js';
import { head, row, shown } from '../table.js';
import { withBroker } from './broker.js';
import type { Contender, Work } from './contender.js';
import { message } from './records.js';
import { bareBus, service } from './spillway.js';
import { stockNest } from './stock-nest.js';

const TOPIC = 'message.received';
const CALL_MS = 2;
const PER_SECOND = 100;
const CONVERSATIONS = 100;
/** Who is behind the last message has this long to show that it comes after all. */
const PATIENCE_MS = 5_000;

interface Sizes {
  readonly rounds: number;
  readonly seconds: number;
}

/** One record of one key always fails: what the other keys notice of it. */
export async function poison(sizes: Sizes = { rounds: 3, seconds: 20 }): Promise<void> {
  process.stdout.write(
    `\nPoison: one partition, ${PER_SECOND} messages a second for ${sizes.seconds} s in ${CONVERSATIONS} keys, ` +
      `calls of ${CALL_MS} ms; after a quarter of them one record of another key, which always fails. ` +
      `Published to done, ms, of the other keys, median of ${sizes.rounds} rounds.\n`,
  );
  head('consumer', 'clean p50', 'clean p99', 'poisoned p50', 'poisoned p99', 'done in spite of it');
  const count = PER_SECOND * sizes.seconds;
  for (const contender of [service, bareBus, stockNest(1)]) {
    const clean: number[][] = [];
    const poisoned: number[][] = [];
    for (let round = 0; round < sizes.rounds; round += 1) {
      clean.push(await latencies(contender, count, undefined));
      poisoned.push(await latencies(contender, count, count / 4));
    }
    const at = (runs: readonly number[][], p: number) => shown(median(runs.map((run) => quantile(run, p))));
    const share = median(poisoned.map((run) => run.length / count));
    row(
      contender.name,
      ...[clean, poisoned].flatMap((runs) => [at(runs, 0.5), at(runs, 0.99)]),
      `${shown(100 * share)} %`,
    );
  }
}

/** Of every message that was done, in a run that publishes at an even pace whatever happens. */
async function latencies(
  contender: Contender,
  count: number,
  poisonAt: number | undefined,
): Promise<number[]> {
  const found: number[] = [];
  await withBroker(1, [], async (broker) => {
    const complete = Promise.withResolvers<void>();
    const work: Work = async ({ key, publishedMs }) => {
      if (key === 'poison') throw new Error('this record cannot be handled');
      await delay(CALL_MS);
      found.push(Date.now() - publishedMs);
      if (found.length === count) complete.resolve();
    };
    const running = await contender.start({ broker, topic: TOPIC, work, slots: 100, forward: false });
    await publishEvenly(broker, count, poisonAt);
    await Promise.race([complete.promise, delay(PATIENCE_MS)]);
    await running.stop();
  });
  return found;
}

async function publishEvenly(broker: string, count: number, poisonAt: number | undefined): Promise<void> {
  const bus = await openKafkaBus({ brokers: [broker] });
  const start = performance.now();
  const sent: Promise<void>[] = [];
  for (let n = 0; n < count; n += 1) {
    await delay(Math.max(0, start + (1000 * n) / PER_SECOND - performance.now()));
    if (n === poisonAt) sent.push(bus.publish([{ ...message(n, 1), key: 'poison', id: 'poison' }]));
    sent.push(bus.publish([message(n, CONVERSATIONS)]));
  }
  await Promise.all(sent);
  await bus.close();
}
