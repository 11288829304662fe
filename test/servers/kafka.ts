import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { java, kafkaLibraries } from './kafka-libraries.js';
import { startTestServer, type TestServer } from './test-server.js';

const logging = fileURLToPath(new URL('kafka/log4j2.properties', import.meta.url));

/** Starts one Kafka node, broker and controller. Settings are those of a broker's `server.properties`. */
export async function startKafka(settings: Readonly<Record<string, string>> = {}): Promise<TestServer> {
  const program = await java();
  const libraries = await kafkaLibraries();
  const run = (heap: readonly string[], ...args: readonly string[]) => ({
    program,
    args: [
      ...[...heap, '-XX:+UseSerialGC', `-Dlog4j2.configurationFile=${logging}`],
      ...['-cp', join(libraries.folder, '*'), ...args],
    ],
  });
  const propertiesFile = (folder: string, ports: readonly number[]): string => {
    const path = join(folder, 'server.properties');
    const all = { ...properties(folder, ports), ...settings };
    writeFileSync(
      path,
      Object.entries(all)
        .map(([key, value]) => `${key}=${value}\n`)
        .join(''),
    );
    return path;
  };
  return startTestServer({
    name: 'kafka',
    origin: `Kafka ${libraries.version} from ${libraries.source}`,
    portCount: 2,
    ready: /Kafka Server started/,
    stopSignal: 'KILL',
    address: ([broker]) => `127.0.0.1:${broker}`,
    prepare: (folder, ports) =>
      run(
        ['-XX:TieredStopAtLevel=1'],
        ...['kafka.tools.StorageTool', 'format', `--cluster-id=${randomBytes(16).toString('base64url')}`],
        ...['--config', propertiesFile(folder, ports)],
      ),
    serve: (folder, ports) => run(['-Xms256m', '-Xmx512m'], 'kafka.Kafka', propertiesFile(folder, ports)),
  });
}

const properties = (folder: string, [broker, controller]: readonly number[]) => ({
  'process.roles': 'broker,controller',
  'node.id': '1',
  'controller.quorum.voters': `1@127.0.0.1:${controller}`,
  listeners: `PLAINTEXT://127.0.0.1:${broker},CONTROLLER://127.0.0.1:${controller}`,
  'advertised.listeners': `PLAINTEXT://127.0.0.1:${broker}`,
  'controller.listener.names': 'CONTROLLER',
  'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
  'log.dirs': join(folder, 'data'),
  // One node holds everything once.
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  // Fewer files, so that it starts faster.
  'offsets.topic.num.partitions': '4',
  'transaction.state.log.num.partitions': '1',
  'share.coordinator.state.topic.num.partitions': '1',
  'log.cleaner.dedupe.buffer.size': String(4 * 2 ** 20),
  // Consumers that are killed on purpose are missed, and new ones served, at once.
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '1000',
  // A broker that was killed is let in again only once its old session has ended: by default after 9 s.
  'broker.session.timeout.ms': '1500',
  'broker.heartbeat.interval.ms': '250',
  'auto.create.topics.enable': 'false',
});
