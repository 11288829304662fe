import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startServer } from '../src/server.js';
import { quantile } from './statistics.js';

const inbox = fileURLToPath(new URL('../../deploy/packs/support/inbox.jsonl', import.meta.url));

interface Seen {
  readonly status: string;
  readonly received_at: string;
  readonly settled_at: string | null;
}

async function post(url: string, body: unknown): Promise<{ id: string; ms: number }> {
  const started = performance.now();
  const answer = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { id } = (await answer.json()) as { id: string };
  if (answer.status !== 202) throw new Error(`answered ${answer.status}`);
  return { id, ms: performance.now() - started };
}

async function outcome(url: string, id: string): Promise<Seen> {
  for (;;) {
    const seen = (await (await fetch(`${url}/v1/messages/${id}`)).json()) as Seen;
    if (seen.status === 'settled' || seen.status === 'in_review') return seen;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Time to 202 and time to settled, at 20 messages a second over the sample inbox, after a warm-up. */
export async function run(): Promise<void> {
  const server = await startServer();
  const rows = readFileSync(inbox, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { text: string; channel: string });
  const accepted: number[] = [];
  const settled: number[] = [];
  try {
    for (let round = 0; round < 3; round += 1) {
      for (const { text, channel } of rows) {
        if (text.trim() === '') continue;
        const { id, ms } = await post(server.url, { text, channel });
        const seen = await outcome(server.url, id);
        if (round === 0) continue;
        accepted.push(ms);
        if (seen.settled_at !== null)
          settled.push(Date.parse(seen.settled_at) - Date.parse(seen.received_at));
      }
    }
  } finally {
    await server.remove();
  }
  process.stdout.write(
    `| one message at a time, sample inbox, embedded models | n | p50 | p95 | p99 |\n|---|---|---|---|---|\n`,
  );
  for (const [name, numbers] of [
    ['POST /v1/messages to 202, ms', accepted],
    ['received to settled, ms', settled],
  ] as const) {
    const cells = [0.5, 0.95, 0.99].map((p) => quantile(numbers, p).toFixed(1));
    process.stdout.write(`| ${name} | ${numbers.length} | ${cells.join(' | ')} |\n`);
  }
}
