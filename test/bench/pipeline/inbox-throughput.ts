import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { createGunzip } from 'node:zlib';
import { type Server, spillway } from '../../src/server.js';
import { kafkaClient } from '../kafka/client.js';
import { cpuMs, endedChildrenCpuMs } from '../process-usage.js';
import { head, row, shown } from '../table.js';
import { type Layout, layouts, nameOf, withProcesses } from './layout.js';
import { type Stack, startStack } from './stack.js';

const inbox = fileURLToPath(new URL('../../../../shared/data/inbox/sumo_2025.jsonl.gz', import.meta.url));

interface Sizes {
  readonly messages: number;
  readonly warmUp: number;
}

/** A real support inbox through every service, with embedded models, on Kafka, Redis and PostgreSQL. */
export async function inboxThroughput(sizes: Sizes = { messages: 10_000, warmUp: 6_000 }): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-bench-'));
  const files = {
    messages: await firstLines(folder, sizes.messages),
    warmUp: await firstLines(folder, sizes.warmUp),
  };
  process.stdout.write(
    `\nspillway send --file: the first ${shown(sizes.messages)} messages of sumo_2025.jsonl.gz, embedded models, after ` +
      `${shown(sizes.warmUp)} to warm up. CPU in milliseconds a message.\n`,
  );
  head(
    'layout',
    'messages/s',
    'CPU of ours',
    'Kafka',
    'Redis',
    'PostgreSQL',
    'send',
    'all',
    'records/message',
  );
  try {
    for (const layout of Object.values(layouts)) {
      const stack = await startStack();
      try {
        await measure(layout, stack, files);
      } finally {
        await stack.stop();
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(
  layout: Layout,
  stack: Stack,
  files: { readonly messages: string; readonly warmUp: string },
): Promise<void> {
  await withProcesses(layout, stack.environment, async (servers) => {
    await send(servers[0], files.warmUp);
    const usage = (): readonly number[] => [
      ...servers.map((server) => server.cpuMs()),
      ...Object.values(stack.servers).map(({ pid }) => cpuMs(pid)),
      endedChildrenCpuMs(),
    ];
    const broker = stack.servers.kafka.address;
    const [before, recordsBefore] = [usage(), await recordsOn(broker)];
    const { ended, perSecond } = await send(servers[0], files.messages);
    const spent = usage().map((ms, index) => (ms - (before[index] ?? 0)) / ended);
    const records = ((await recordsOn(broker)) - recordsBefore) / ended;
    const ours = layout.processes.map((services, index) => `${spent[index]?.toFixed(3)} ${nameOf(services)}`);
    row(
      ...[layout.name, shown(perSecond), ours.join('<br>')],
      ...spent.slice(layout.processes.length).map((ms) => ms.toFixed(3)),
      spent.reduce((sum, ms) => sum + ms, 0).toFixed(3),
      shown(records),
    );
  });
}

async function send(server: Server, file: string): Promise<{ ended: number; perSecond: number }> {
  const { code, stdout, stderr } = await spillway(['send', '--file', file, '--again', '--json'], {
    SPILLWAY_PORT: String(server.port),
  });
  if (code !== 0) throw new Error(`${stderr}\n${server.log()}`);
  const summary = JSON.parse(stdout) as { settled: number; in_review: number; per_second: number };
  return { ended: summary.settled + summary.in_review, perSecond: summary.per_second };
}

/** Records on every topic, retries and dead letters too. */
async function recordsOn(broker: string): Promise<number> {
  const admin = kafkaClient(broker).admin();
  await admin.connect();
  try {
    const topics = (await admin.listTopics()).filter((topic) => !topic.startsWith('__'));
    const offsets = await Promise.all(topics.map((topic) => admin.fetchTopicOffsets(topic)));
    return offsets.flat().reduce((sum, { high }) => sum + Number(high), 0);
  } finally {
    await admin.disconnect();
  }
}

async function firstLines(folder: string, count: number): Promise<string> {
  const lines: string[] = [];
  for await (const line of createInterface(createReadStream(inbox).pipe(createGunzip()))) {
    lines.push(line);
    if (lines.length === count) break;
  }
  const path = join(folder, `first-${count}.jsonl`);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}
