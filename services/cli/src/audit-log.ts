import { readFile } from 'node:fs/promises';
import { counted } from '@spillway/confidence/counted';
import { Fault } from '@spillway/contracts/fault';
import { parseAssumptions } from '@spillway/eval/audit-log/assumptions';
import {
  defaultPrices,
  type PriceRow,
  type PriceTable,
  parsePriceTable,
  priceTable,
} from '@spillway/eval/audit-log/price-table';
import { project } from '@spillway/eval/audit-log/projection';
import { readLog } from '@spillway/eval/audit-log/read-log';
import { type LogTally, logTally } from '@spillway/eval/audit-log/tally';
import { openFile } from '@spillway/eval/file-lines';
import { didYouMean } from '@spillway/pack/nearest';
import { auditJson } from './audit-json.js';
import { withBar } from './audit-progress.js';
import { auditText } from './audit-text.js';
import type { Terminal } from './terminal.js';

export interface AuditOptions {
  readonly json: boolean;
  /** A file with prices of one's own, which stand in for the list prices of the same models. */
  readonly prices?: string;
  readonly assume: readonly string[];
}

/** Bytes read at once: enough that the reading is not what takes the time. */
const CHUNK = 1024 * 1024;

/**
 * `spillway audit`: reads a log of calls of big models and prints what its steps cost, what they would cost with a small
 * model first, what to evaluate first, and from which volume on fine-tuning pays.
 *
 * @throws Fault `missing` or `malformed` when a file, or all of its lines, cannot be read, `rejected` when an assumption cannot,
 * `cancelled` when it was stopped
 */
export async function audit(
  path: string,
  options: AuditOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const assumptions = parseAssumptions(options.assume);
  const own = options.prices === undefined ? [] : await pricesFrom(options.prices);
  const prices = priceTable(own, defaultPrices());
  needPrices([assumptions.small, assumptions.tuned], prices);
  const tally = logTally(prices);
  let linesRead = 0;
  await readFileOf(path, { signal, terminal, linesRead: () => linesRead }, (bytes) =>
    readLog(bytes, (line, number) => {
      linesRead = number;
      tally.add(line, number);
    }),
  );
  const sum = tally.sum();
  needLines(path, sum);
  needSteps(
    assumptions.keptMillionthsOf,
    sum.steps.map(({ step }) => step.label),
  );
  const projection = project(sum, prices, assumptions);
  terminal.out(
    options.json
      ? `${auditJson(path, sum, projection, assumptions)}\n`
      : auditText(path, sum, projection, assumptions, options.prices),
  );
  return 0;
}

/** A projection at a price that nobody knows would be one of unknowns. */
function needPrices(models: readonly string[], prices: PriceTable): void {
  const problems = models
    .filter((model) => prices.rowFor(model, undefined, 0) === undefined)
    .map((model) => ({ where: model, message: 'has no price: give one with --prices' }));
  if (problems.length > 0) throw new Fault('rejected', 'a model that is assumed has no price', { problems });
}

/** A bill of nothing would look like a log that cost nothing. */
function needLines(path: string, { lines, unreadable }: LogTally): void {
  if (lines > unreadable.reduce((sum, reason) => sum + reason.lines, 0)) return;
  const problems = unreadable.map(({ reason, lines: number, first }) => ({
    where: first.map((each) => `${path}:${each}`).join(', '),
    message: `${reason} (${counted(number, 'line')})`,
  }));
  const message = lines === 0 ? `${path} has no line` : `not one line of ${path} could be read`;
  throw new Fault('malformed', message, { problems });
}

/** A share for a step that the log does not have would change nothing, and look as if it had. */
function needSteps(kept: ReadonlyMap<string, number>, labels: readonly string[]): void {
  const problems = [...kept.keys()]
    .filter((label) => !labels.includes(label))
    .map((label) => ({
      where: `--assume kept:${label}`,
      message: `the log has no step of this name${didYouMean(label, labels)}`,
    }));
  if (problems.length > 0) throw new Fault('rejected', 'a step that is assumed is not there', { problems });
}

async function pricesFrom(path: string): Promise<readonly PriceRow[]> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new Fault('missing', `${path} cannot be read`, { cause });
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new Fault('malformed', `${path} is not JSON`, { cause });
  }
  return parsePriceTable(json, path);
}

interface Surroundings {
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
  readonly linesRead: () => number;
}

async function readFileOf(
  path: string,
  { signal, terminal, linesRead }: Surroundings,
  read: (bytes: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  try {
    const file = await openFile(path, { chunkBytes: CHUNK, signal });
    await read(withBar(path, { ...file, linesRead }, terminal));
  } catch (cause) {
    if (signal.aborted) throw new Fault('cancelled', 'the audit was stopped', { cause });
    throw cause;
  }
}
