import { Fault } from '@spillway/contracts/fault';
import type { Logger } from '@spillway/telemetry/logger';
import type { Kafka } from 'kafkajs';
import type { BusRecord } from '../bus.js';
import { clusterOf } from './tail.js';
import { TailReader } from './tail-reader.js';

/** Without progress for so long, the brokers count as out of reach, milliseconds. */
const PATIENCE_MS = 30_000;

/**
 * Hands over what lies on these topics now, batch by batch, until `look` has seen enough. Throws what `look` throws,
 * `misconfigured` when a topic is missing, and `unavailable` when the brokers cannot be reached or fall silent.
 */
export async function scanTopics(
  client: Kafka,
  topics: readonly string[],
  look: (records: readonly BusRecord[]) => Promise<boolean>,
  logger: Logger,
): Promise<void> {
  const ended = Promise.withResolvers<void>();
  const silence = setTimeout(
    () => ended.reject(new Fault('unavailable', 'the brokers hand out nothing more')),
    PATIENCE_MS,
  );
  let enough = false;

  async function show(records: readonly BusRecord[]): Promise<void> {
    const before = records.filter((record) => reader.isFromBefore(record));
    if (enough || before.length === 0) return;
    enough = !(await look(before));
    silence.refresh();
    if (enough) ended.resolve();
  }

  // Brokers are read side by side, and whoever looks is shown one batch after the other.
  let showing = Promise.resolve();
  const reader = new TailReader({
    cluster: clusterOf(client),
    topics,
    from: 'beginning',
    show(records) {
      showing = showing.then(() => show(records)).catch(ended.reject);
      return showing;
    },
    onMove() {
      if (reader.isThrough) ended.resolve();
    },
    logger,
  });
  try {
    await reader.start();
    if (reader.isThrough) ended.resolve();
    await ended.promise;
  } finally {
    enough = true;
    clearTimeout(silence);
    await reader.stop();
  }
}
