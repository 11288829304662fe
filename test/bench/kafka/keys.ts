import { setTimeout as delay } from 'node:timers/promises';
import { median } from '../statistics.js';
import { head, row, shown } from '../table.js';
import { withBroker } from './broker.js';
import { fill } from './records.js';
import { bareBus } from './spillway.js';

const SLOTS = 100;
const LONGEST_MS = 5;

/** Seconds that the README of confluentinc/parallel-consumer gives for the same shape, on its authors' machine. */
const theirs: Readonly<Record<number, number>> = {
  1: 26.7,
  2: 13.6,
  5: 5.9,
  10: 3.31,
  20: 2.24,
  100: 2.18,
  1000: 2.06,
  10000: 2.13,
};

interface Sizes {
  readonly rounds: number;
  readonly messages: number;
}

/** How much a topic gains from its number of keys, each handled in order. */
export async function keys(sizes: Sizes = { rounds: 3, messages: 10_000 }): Promise<void> {
  process.stdout.write(
    `\nKeys: one partition, ${shown(sizes.messages)} messages, work of 0 to ${LONGEST_MS} ms (timers), ${SLOTS} slots, ` +
      `order by key: seconds, median of ${sizes.rounds} rounds. Beside it what confluentinc/parallel-consumer's README ` +
      'says of 10,000 messages: the same shape on another machine, so no comparison of speed.\n',
  );
  head('keys', 'seconds', 'messages/s', 'their seconds');
  const counts = Object.keys(theirs).map(Number);
  const topicOf = (count: number): string => `bench.keys-${count}`;
  await withBroker(1, counts.map(topicOf), async (broker) => {
    for (const count of counts) await fill(broker, sizes.messages, count, topicOf(count));
    await secondsFor(broker, topicOf(10_000), sizes.messages);
    for (const count of counts) {
      const all: number[] = [];
      for (let round = 0; round < sizes.rounds; round += 1) {
        all.push(await secondsFor(broker, topicOf(count), sizes.messages));
      }
      const seconds = median(all);
      row(count, shown(seconds), shown(sizes.messages / seconds), shown(theirs[count] ?? Number.NaN));
    }
  });
}

/** From the first message begun to the last one done. */
async function secondsFor(broker: string, topic: string, messages: number): Promise<number> {
  const all = Promise.withResolvers<void>();
  let begunAt = Number.NaN;
  let done = 0;
  const running = await bareBus.start({
    broker,
    topic,
    slots: SLOTS,
    forward: false,
    async work() {
      if (Number.isNaN(begunAt)) begunAt = performance.now();
      await delay(Math.round(Math.random() * LONGEST_MS));
      done += 1;
      if (done === messages) all.resolve();
    },
  });
  await all.promise;
  const seconds = (performance.now() - begunAt) / 1000;
  await running.stop();
  return seconds;
}
