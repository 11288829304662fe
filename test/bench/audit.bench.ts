import { createReadStream, createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { bin } from '../src/server.js';
import { auditLine } from './audit-lines.js';
import { measuredRun } from './measured-run.js';
import { head, row, shown } from './table.js';

const LINES = 1_000_000;

/** `spillway audit` over a million lines of all formats, beside `JSON.parse` of each line and nothing else. */
export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-audit-'));
  try {
    const plain = join(folder, 'log.jsonl');
    await pipeline(Readable.from(pieces()), createWriteStream(plain));
    const zipped = `${plain}.gz`;
    await pipeline(createReadStream(plain), createGzip({ level: 1 }), createWriteStream(zipped));
    const bytes = statSync(plain).size;
    process.stdout.write(
      `${shown(LINES)} lines, ${shown(bytes / LINES)} bytes a line: pairs, answers, LiteLLM and Langfuse in turn; whole process, start included\n`,
    );
    head('what', 'seconds', 'lines/s', 'CPU seconds', 'lines per CPU second', 'peak memory, MiB');
    row('`JSON.parse` of each line alone, in this process', ...figures(await parsedAlone(plain)), '–');
    for (const path of [plain, zipped]) {
      const audited = await measuredRun(bin, ['audit', path, '--json']);
      const { lines } = JSON.parse(audited.stdout) as { lines: number };
      if (lines !== LINES) throw new Error(`${lines} lines were read, not ${LINES}`);
      const name = path === plain ? '`spillway audit`' : '`spillway audit`, gzip';
      row(name, ...figures(audited), shown(audited.peakMiB));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Taken {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** On a machine with other work to do, CPU time says what the clock does not. */
const figures = ({ seconds, cpuSeconds }: Taken): string[] =>
  [seconds, LINES / seconds, cpuSeconds, LINES / cpuSeconds].map(shown);

async function parsedAlone(path: string): Promise<Taken> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  await parseAlone(path);
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - started) / 1000, cpuSeconds: (user + system) / 1e6 };
}

async function parseAlone(path: string): Promise<void> {
  let objects = 0;
  for await (const line of createInterface({ input: createReadStream(path) })) {
    try {
      if (typeof JSON.parse(line) === 'object') objects += 1;
    } catch (error) {
      // The log has broken lines on purpose.
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  if (objects === 0) throw new Error('no line was parsed');
}

/** A thousand lines a piece: one line a piece would take longer to write than to make. */
function* pieces(): Generator<string> {
  for (let at = 0; at < LINES; at += 1_000) {
    let piece = '';
    for (let index = at; index < at + 1_000; index += 1) piece += `${auditLine(index)}\n`;
    yield piece;
  }
}
