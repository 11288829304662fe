import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { counted } from '@spillway/confidence/counted';
import { Fault } from '@spillway/contracts/fault';
import { lineWriter } from '@spillway/eval/export/formats';
import { heldOutRows } from '@spillway/eval/export/held-out';
import { masking } from '@spillway/eval/export/mask';
import { modelCard } from '@spillway/eval/export/model-card';
import { type Exported, type ExportRow, rowGatherer } from '@spillway/eval/export/rows';
import { type Part, parts } from '@spillway/eval/export/split';
import { summaryOf } from '@spillway/eval/export/summary';
import { messagesSince } from '@spillway/eval/ledger-messages';
import { writeProposal } from '@spillway/eval/proposal';
import { personalDataFinder } from '@spillway/models/personal-data';
import { loadPack } from '@spillway/pack/load';
import type { Pack } from '@spillway/pack/pack';
import type { CliConfig } from './cli.config.js';
import { correctionsFor } from './export-corrections.js';
import { type ExportOptions, readExportOptions, type WantedExport } from './export-options.js';
import { leftOutLines, summaryJson, summaryLines } from './export-text.js';
import { diffOf } from './proposal-text.js';
import { openLedgerReader } from './stores.js';
import type { Terminal } from './terminal.js';
import { requireDataFolder, requireOutFolder } from './writable-folder.js';

/** Folders hold what customers wrote. */
const OWNER_ONLY = 0o700;

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/**
 * `spillway export`: writes what a small model can learn a step from, or proposes people's corrections for the pack's eval
 * sets.
 *
 * @throws Fault `rejected` with every option that does not fit, `missing` when there is no row, and as the ledger and the
 * pack do
 */
export async function exportRows(
  options: ExportOptions,
  config: CliConfig,
  terminal: Terminal,
): Promise<number> {
  const wanted = readExportOptions(options);
  if (wanted.toEval) await requireDataFolder(config.data);
  if (wanted.out !== undefined) await requireOutFolder(wanted.out, OWNER_ONLY);
  const pack = await loadPack(config.pack);
  const gathered = await gather(wanted, config, pack);
  if (wanted.toEval) await propose(wanted, gathered, { config, pack, terminal });
  else await write(wanted, gathered, { config, pack, terminal });
  return 0;
}

interface Context {
  readonly config: CliConfig;
  readonly pack: Pack;
  readonly terminal: Terminal;
}

async function gather(
  { step, sources, sinceMs, unmasked }: WantedExport,
  config: CliConfig,
  pack: Pack,
): Promise<Exported> {
  const mask = masking(pack, personalDataFinder(pack));
  const gatherer = rowGatherer({
    pack,
    step,
    sources,
    masking: mask,
    unmasked,
    heldOut: await heldOutRows(config.pack, mask),
    splitKey: pack.name,
  });
  const ledger = await openLedgerReader(config);
  try {
    // The newest come first: what was read out of a conversation before that day is known after its rows.
    for await (const message of messagesSince(ledger, Number.NEGATIVE_INFINITY)) {
      if (message.receivedAtMs >= sinceMs) gatherer.add(message);
      else gatherer.recall(message);
    }
  } finally {
    await ledger.close();
  }
  return gatherer.finish();
}

/** Throws `missing` where nothing is left to write, with all that was left out. */
function requireRows({ rows, leftOut }: Exported, what: string): void {
  if (rows.length > 0) return;
  throw new Fault('missing', `the ledger holds ${what}`, {
    problems: leftOut.map((each) => ({ where: each.reason, message: leftOutLines([each]).join('') })),
  });
}

async function write(wanted: WantedExport, exported: Exported, context: Context): Promise<void> {
  const { pack, terminal } = context;
  const { step, format, part, unmasked } = wanted;
  requireRows(exported, `no answer of a person or of the big model to ${step} that can be exported`);
  const summary = summaryOf(step, exported);
  const line = lineWriter(format, step, pack);
  const card = () =>
    modelCard(summary, {
      pack: pack.name,
      packHash: pack.hash,
      format,
      day: dayOf(Date.now()),
      masked: !unmasked,
    });
  const files =
    wanted.out === undefined ? [] : await writeFiles(wanted.out, { wanted, exported, line, card });
  if (wanted.json) terminal.out(`${JSON.stringify(summaryJson(summary, { format, files }))}\n`);
  else if (wanted.out === undefined) for (const row of inPart(exported, part)) terminal.out(line(row));
  for (const each of summaryLines(summary)) terminal.note(each);
  if (wanted.out === undefined && !wanted.json) {
    terminal.note(`Here is the part ${part}: --part has the others, --out writes all and a model card`);
  }
  if (unmasked) terminal.note('Not masked: this is personal data of customers');
  for (const file of files) terminal.note(`Written: ${file}`);
}

const inPart = ({ rows }: Exported, part: Part): readonly ExportRow[] =>
  rows.filter((row) => row.part === part);

interface Writing {
  readonly wanted: WantedExport;
  readonly exported: Exported;
  readonly line: (row: ExportRow) => string;
  readonly card: () => string;
}

/** Only their owner may read the files: they hold what customers wrote. */
async function writeFiles(
  folder: string,
  { wanted, exported, line, card }: Writing,
): Promise<readonly string[]> {
  const named = (name: string): string => join(folder, `${wanted.step}.${name}`);
  const files: [string, Iterable<string>][] = parts.map((part) => [
    named(`${part}.jsonl`),
    linesOf(inPart(exported, part), line),
  ]);
  files.push([named('model-card.md'), [card()]]);
  for (const [path, pieces] of files) {
    await writeFile(`${path}.new`, pieces, { mode: 0o600 });
    await rename(`${path}.new`, path);
  }
  return files.map(([path]) => path);
}

/** One at a time: prompts are long, and all of them together longer than the memory may be. */
function* linesOf(rows: readonly ExportRow[], line: (row: ExportRow) => string): Generator<string> {
  for (const row of rows) yield line(row);
}

async function propose(wanted: WantedExport, exported: Exported, context: Context): Promise<void> {
  const { config, pack, terminal } = context;
  const { corrected, change } = await correctionsFor(wanted, exported, config.pack);
  requireRows(corrected, `no label of a person for ${wanted.step} that the eval sets lack`);
  const summary = summaryOf(wanted.step, corrected);
  const day = dayOf(Date.now());
  const reason = `${counted(corrected.rows.length, 'correction')} of people for ${change.file} of ${pack.name}`;
  const proposals = join(config.data, 'proposals');
  const path = await writeProposal(proposals, { madeOn: day, reason, changes: [change] });
  if (wanted.json) {
    terminal.out(`${JSON.stringify(summaryJson(summary, { files: [], proposal: path }))}\n`);
    return;
  }
  terminal.out(diffOf(change));
  for (const each of summaryLines(summary)) terminal.note(each);
  const learned = summary.rows.train + summary.rows.validation;
  if (learned > 0) {
    terminal.note(
      `${learned} of them lie in the parts that a model is trained on: one that was trained on an earlier export has seen them (--part test takes the others alone)`,
    );
  }
  terminal.note(`Nothing has changed. To put it in force: spillway tune --apply ${path}`);
}
