import { configureLogs } from '@spillway/telemetry/logger';
import { endpointLatency } from './pipeline/endpoint-latency.js';
import { inboxThroughput } from './pipeline/inbox-throughput.js';

/** The whole pipeline on Kafka, Redis and PostgreSQL of its own: how many messages, at what cost, and how late. */
export async function run(): Promise<void> {
  configureLogs({ level: 'warn' });
  await inboxThroughput();
  await endpointLatency();
}
