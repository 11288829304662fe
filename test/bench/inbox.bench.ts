import { fileURLToPath } from 'node:url';
import { spillway, startServer } from '../src/server.js';

const inbox = fileURLToPath(new URL('../../../shared/data/inbox/sumo_2025.jsonl.gz', import.meta.url));

/** A year of a real support inbox through the whole pipeline in one process, embedded models, default settings. */
export async function run(): Promise<void> {
  const server = await startServer();
  const memory: number[] = [];
  const watch = setInterval(() => memory.push(server.memory()), 500);
  try {
    const before = server.cpuMs();
    const sent = await spillway(['send', '--file', inbox, '--json'], {
      SPILLWAY_PORT: new URL(server.url).port,
    });
    const cpu = server.cpuMs() - before;
    clearInterval(watch);
    if (sent.code !== 0) throw new Error(sent.stderr);
    const summary = JSON.parse(sent.stdout) as Record<string, unknown>;
    const ended = Number(summary['settled'] ?? 0) + Number(summary['in_review'] ?? 0);
    process.stdout.write(
      `sent with: spillway send --file sumo_2025.jsonl.gz\n\n${JSON.stringify(summary, null, 2)}\n\n`,
    );
    process.stdout.write(
      '| messages ended | seconds | messages/s | server CPU ms/message | memory at 10 %, 50 %, 100 %, peak, MiB |\n|---|---|---|---|---|\n',
    );
    const at = (share: number) =>
      (memory[Math.min(memory.length - 1, Math.floor(share * memory.length))] ?? Number.NaN).toFixed(0);
    process.stdout.write(
      `| ${ended} | ${sent.seconds.toFixed(1)} | ${(ended / sent.seconds).toFixed(0)} | ${(cpu / ended).toFixed(3)} | ${at(0.1)}, ${at(0.5)}, ${at(1)}, ${Math.max(...memory).toFixed(0)} |\n`,
    );
  } finally {
    clearInterval(watch);
    await server.remove();
  }
}
