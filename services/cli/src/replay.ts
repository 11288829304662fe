import { Fault, type FaultCode, type Problem } from '@spillway/contracts/fault';
import { type ApiClient, apiClient } from './api-client.js';
import type { CliConfig } from './cli.config.js';
import { type ReplayOptions, requestOf } from './replay-request.js';
import { keyOf } from './send.js';
import type { Terminal } from './terminal.js';

/** What became of one dead letter: a line of the answer to `POST /v1/replays`. */
interface LetterLine {
  readonly outcome: 'replayed' | 'would_be_replayed' | 'refused';
  readonly message_id: string;
  readonly topic: string;
  readonly group: string;
  readonly code: string;
  readonly attempts: number;
  readonly replays: number;
  readonly failed_at: string;
}

interface EndLine {
  readonly outcome: 'end';
  readonly replayed: number;
  readonly refused: number;
  readonly replayed_before: number;
  readonly more: boolean;
}

/** Problem details: the server could not go on. */
interface BrokenLine {
  readonly outcome?: undefined;
  readonly code: FaultCode;
  readonly detail: string;
}

type Line = LetterLine | EndLine | BrokenLine;

/**
 * `spillway replay`: has dead letters handled again by the groups that parked them. Returns the exit code: 1 when some
 * were refused, or it was interrupted. Throws `rejected` for options that are not usable.
 */
export async function replay(
  options: ReplayOptions,
  config: CliConfig,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const request = requestOf(options);
  const client = apiClient(options.url ?? `http://127.0.0.1:${config.apiPort}`, keyOf(config));
  try {
    const end = await replayThrough(client, request, options.json, terminal, signal);
    return end === undefined || end.refused > 0 ? 1 : 0;
  } finally {
    await client.close();
  }
}

/** Undefined when it was interrupted. */
async function replayThrough(
  client: ApiClient,
  request: object,
  json: boolean,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<EndLine | undefined> {
  let last: Line | undefined;
  let rows = 0;
  const show = (line: Line): void => {
    last = line;
    if (line.outcome === undefined) return;
    if (json) {
      terminal.out(`${JSON.stringify(line)}\n`);
    } else if (line.outcome === 'end') {
      terminal.note(summaryText(line, 'dry_run' in request));
    } else {
      if (rows === 0) terminal.out(rowText(HEADINGS));
      rows += 1;
      terminal.out(rowText(cellsOf(line)));
    }
  };
  try {
    await client.post<Line>('/v1/replays', request, show, signal);
  } catch (error) {
    throw asUsage(Fault.from(error));
  }
  if (last?.outcome === 'end') return last;
  if (signal.aborted) return undefined;
  if (last !== undefined && last.outcome === undefined) throw new Fault(last.code, last.detail);
  throw new Fault('unavailable', 'the answer broke off');
}

/** What the API calls a malformed request is, on a command line, one that was refused. */
function asUsage(fault: Fault): Fault {
  if (fault.code !== 'malformed') return fault;
  const problems: Problem[] = fault.problems.map(({ where, message }) => ({
    where: where.replace('/', ''),
    message,
  }));
  return new Fault('rejected', 'the server refuses these options', { cause: fault, problems });
}

const HEADINGS = ['outcome', 'parked at', 'by', 'error', 'attempts', 'replays', 'topic', 'message'] as const;
const WIDTHS = [17, 19, 10, 13, 8, 7, 16, 0] as const;

const rowText = (cells: readonly string[]): string =>
  `${cells
    .map((cell, index) => cell.padEnd(WIDTHS[index] ?? 0))
    .join('  ')
    .trimEnd()}\n`;

const cellsOf = (line: LetterLine): readonly string[] => [
  line.outcome.replaceAll('_', ' '),
  line.failed_at.slice(0, 19).replace('T', ' '),
  line.group,
  line.code,
  `${line.attempts}`,
  `${line.replays}`,
  line.topic,
  line.message_id,
];

function summaryText({ replayed, refused, replayed_before: before, more }: EndLine, dry: boolean): string {
  const parts = [
    `${replayed} ${dry ? 'would be replayed' : 'replayed'}`,
    ...(refused > 0 ? [`${refused} refused: they failed after every replay (--force replays them)`] : []),
    ...(before > 0 ? [`${before} replayed before`] : []),
    ...(more ? ['there are more (--limit)'] : []),
  ];
  return parts.join(', ');
}
