import { setTimeout as delay } from 'node:timers/promises';
import type { TestServer } from '../../servers/test-server.js';
import { cpuMs } from '../process-usage.js';
import { median } from '../statistics.js';
import { head, row, shown } from '../table.js';
import { withBroker } from './broker.js';
import type { Contender } from './contender.js';
import { floor } from './plain-kafkajs.js';
import { fill } from './records.js';
import { bareBus, service } from './spillway.js';

const TOPIC = 'message.received';
const PARTITIONS = 12;

interface Sizes {
  readonly rounds: number;
  readonly messages: number;
}

interface Cost {
  readonly perSecond: number;
  readonly cpuMs: number;
  readonly brokerCpuMs: number;
}

/** Handlers that do nothing but answer: what the runtime itself costs, against the least that can be done. */
export async function throughput(sizes: Sizes = { rounds: 5, messages: 40_000 }): Promise<void> {
  process.stdout.write(
    `\nHandlers that only answer, ${PARTITIONS} partitions, ${shown(sizes.messages)} messages on the log, one event out for each: ` +
      `median of ${sizes.rounds} rounds after one to warm up.\n`,
  );
  head(
    'consumer',
    'messages/s',
    'of the floor',
    'CPU ms/message',
    'times the floor',
    'broker CPU ms/message',
  );
  await withBroker(PARTITIONS, [], async (broker, server) => {
    await fill(broker, sizes.messages, 5_000);
    const contenders = [floor, service, bareBus];
    const costs = new Map<Contender, Cost[]>(contenders.map((contender) => [contender, []]));
    for (let round = 0; round <= sizes.rounds; round += 1) {
      for (const [contender, all] of costs) {
        const cost = await costOf(contender, broker, server, sizes.messages);
        if (round > 0) all.push(cost);
      }
    }
    const of = (contender: Contender, part: keyof Cost) =>
      median((costs.get(contender) ?? []).map((cost) => cost[part]));
    for (const contender of contenders) {
      const [rate, cpu] = [of(contender, 'perSecond'), of(contender, 'cpuMs')];
      row(
        ...[contender.name, shown(rate), shown(rate / of(floor, 'perSecond'))],
        ...[cpu.toFixed(3), shown(cpu / of(floor, 'cpuMs')), of(contender, 'brokerCpuMs').toFixed(3)],
      );
    }
  });
}

/** From the first message at the handler to the last answer on the log. */
async function costOf(
  contender: Contender,
  broker: string,
  server: TestServer,
  messages: number,
): Promise<Cost> {
  const begun = Promise.withResolvers<void>();
  let handled = 0;
  const work = async (): Promise<void> => {
    handled += 1;
    begun.resolve();
  };
  const running = await contender.start({ broker, topic: TOPIC, work, slots: 400, forward: true });
  await begun.promise;
  const before = { cpu: process.cpuUsage(), broker: cpuMs(server.pid), at: performance.now() };
  while (handled < messages || !running.idle()) await delay(2);
  const seconds = (performance.now() - before.at) / 1000;
  const { user, system } = process.cpuUsage(before.cpu);
  const brokerCpu = cpuMs(server.pid) - before.broker;
  await running.stop();
  return {
    perSecond: messages / seconds,
    cpuMs: (user + system) / 1000 / messages,
    brokerCpuMs: brokerCpu / messages,
  };
}
