import { configureLogs } from '@spillway/telemetry/logger';
import { embeddedBus } from './embedded-bus.js';
import { keys } from './kafka/keys.js';
import { poison } from './kafka/poison.js';
import { slowCalls, slowCallsOnTwelvePartitions } from './kafka/slow-calls.js';
import { throughput } from './kafka/throughput.js';

/** The bus: on Kafka beside other ways to consume it, each with a broker of its own, and embedded. */
export async function run(): Promise<void> {
  // Poison is no news here.
  configureLogs({ level: 'silent' });
  await slowCalls();
  await slowCallsOnTwelvePartitions();
  await poison();
  await throughput();
  await keys();
  await embeddedBus();
}
