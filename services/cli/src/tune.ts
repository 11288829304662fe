import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault, type Problem } from '@spillway/contracts/fault';
import { chosenSettings, editPolicy } from '@spillway/eval/policy-edit';
import {
  applyProposal,
  changeOf,
  type FileChange,
  readProposal,
  writeProposal,
} from '@spillway/eval/proposal';
import { newSpends, spendsOf } from '@spillway/eval/spent-rows';
import { type ChosenStep, type ChosenSteps, chooseSteps } from '@spillway/eval/threshold-choice';
import { type TuneOptions as StepTuneOptions, type StepTuning, tuneStep } from '@spillway/eval/tune';
import { tuneReport } from '@spillway/eval/tune-report';
import { savingText, tuneTable } from '@spillway/eval/tune-table';
import { SPENT_ROWS } from '@spillway/pack/files';
import { loadPack } from '@spillway/pack/load';
import type { Pack } from '@spillway/pack/pack';
import type { CliConfig } from './cli.config.js';
import { diffOf } from './proposal-text.js';
import type { Terminal } from './terminal.js';
import { fromFiles, type LabelledFiles } from './tune-files.js';
import { fromLedger, type LedgerOptions } from './tune-ledger.js';
import { type GatheredStep, labelledSteps } from './tune-rows.js';
import { requireDataFolder } from './writable-folder.js';

export interface TuneOptions extends LabelledFiles, LedgerOptions {
  readonly fromLedger: boolean;
  readonly mode: 'selective' | 'joint';
  readonly target: string;
  readonly delta?: string;
  /** Wrong answers to expect for 1,000 messages, of all steps together. */
  readonly errorBudget?: string;
  readonly report?: string;
  readonly apply?: string;
  readonly json: boolean;
}

/** A step has no threshold that keeps its promise. */
const GATE_MISSED = 4;

/**
 * `spillway tune`: has the small models answer labelled messages, fits and certifies, chooses by cost among what is
 * certified, and writes a proposal that changes nothing until it is applied. 4 when a step has nothing that is proven.
 */
export async function tune(
  options: TuneOptions,
  config: CliConfig,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  if (options.apply !== undefined) return apply(options.apply, config, terminal);
  const { errorBudget, ...promise } = promiseFrom(options);
  await requireDataFolder(config.data);
  const pack = await loadPack(config.pack);
  const { labelSource } = options;
  const gathered = options.fromLedger
    ? await fromLedger(options, config, pack)
    : await fromFiles(options, { config, pack, terminal, signal });
  requireRows(gathered, options);
  const day = dayOf(Date.now());
  const tunings = gathered.map(({ step, from, rows, waiting = 0, pricing }) =>
    tuneStep(rows, { ...promise, step, labelSource, from, waiting, day, pricing }),
  );
  const chosen = chooseSteps(tunings, errorBudget);
  await spend(config.pack, tunings);
  const proposal = await propose(config, pack, chosen);
  await show(options, terminal, { pack, chosen, proposal });
  return chosen.steps.every(({ choice }) => choice !== undefined) ? 0 : GATE_MISSED;
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

const DELTA = 0.05;

type PromiseOptions = Pick<StepTuneOptions, 'mode' | 'target' | 'delta'> & { readonly errorBudget?: number };

/** Throws `rejected` with every option that promises nothing. */
function promiseFrom({ mode, target, delta, errorBudget }: TuneOptions): PromiseOptions {
  const problems: Problem[] = Object.entries({ target, ...(delta === undefined ? {} : { delta }) })
    .filter(([, share]) => !(Number(share) > 0 && Number(share) < 1))
    .map(([name]) => ({ where: `--${name}`, message: 'must be a share over 0 and under 1, such as 0.05' }));
  if (mode === 'joint' && delta !== undefined) {
    problems.push({ where: '--delta', message: 'belongs to --mode selective: an expectation has no delta' });
  }
  const budget = errorBudget === undefined ? undefined : Number(errorBudget);
  if (budget !== undefined && !(budget >= 0)) {
    problems.push({ where: '--error-budget', message: 'must be a number of wrong answers, 0 or more' });
  }
  if (problems.length > 0) throw new Fault('rejected', 'nothing can be promised so', { problems });
  return {
    mode,
    target: Number(target),
    ...(mode === 'joint' ? {} : { delta: Number(delta ?? DELTA) }),
    ...(budget === undefined ? {} : { errorBudget: budget }),
  };
}

/** Throws `missing` where there is nothing to tune on. */
function requireRows(
  gathered: readonly GatheredStep[],
  { fromLedger: audited, labelSource }: TuneOptions,
): void {
  const empty = gathered.filter(({ rows }) => rows.length === 0).map(({ step }) => step);
  if (gathered.length > 0 && empty.length === 0) return;
  const message = audited
    ? `the ledger holds no drawn answer with a label of the source ${labelSource}: give the task a \`shadow\` rate${labelSource === 'truth' ? ' with by: person' : ''} in policy.yaml, or look further back with --since`
    : 'there are no labelled messages: name a file with --set';
  const problems = (empty.length === 0 ? labelledSteps : empty).map((where) => ({ where, message }));
  throw new Fault('missing', 'nothing can be tuned without labels', { problems });
}

/** Writes down which rows have been looked at. Throws `rejected`, and writes nothing, when some were before. */
async function spend(pack: string, tunings: readonly StepTuning[]): Promise<void> {
  const path = join(pack, SPENT_ROWS);
  const text = existsSync(path) ? await readFile(path, 'utf8') : '';
  const spends = newSpends(tunings, spendsOf(SPENT_ROWS, text));
  if (spends.length === 0) return;
  await mkdir(dirname(path), { recursive: true });
  await appendFile(path, spends.map((one) => `${JSON.stringify(one)}\n`).join(''));
}

interface Shown {
  readonly path: string;
  readonly changes: readonly FileChange[];
}

async function propose(config: CliConfig, pack: Pack, chosen: ChosenSteps): Promise<Shown | undefined> {
  const proven = chosen.steps.filter(({ choice }) => choice !== undefined);
  const day = dayOf(Date.now());
  const policy = await readFile(join(config.pack, 'policy.yaml'), 'utf8');
  const settings = Object.fromEntries(proven.map((step) => [step.options.step, chosenSettings(step) ?? {}]));
  const fits = proven.flatMap(({ fit }) => (fit === undefined ? [] : [fit]));
  const wanted = await Promise.all([
    changeOf(config.pack, 'policy.yaml', editPolicy(policy, day, settings)),
    ...fits.map((fit) =>
      changeOf(config.pack, `confidence/${fit.step}.json`, `${JSON.stringify(fit, null, 2)}\n`),
    ),
  ]);
  const changes = wanted.filter(({ before, after }) => before !== after);
  if (changes.length === 0) return undefined;
  const reason = `${kindOf(pack, proven)}; they ${savingText(chosen)}`;
  const path = await writeProposal(join(config.data, 'proposals'), { madeOn: day, reason, changes });
  return { path, changes };
}

/** What is proposed, and by which kind of promise. */
function kindOf(pack: Pack, proven: readonly ChosenStep[]): string {
  const names = proven.map(({ options }) => options.step).join(', ');
  const joint = proven.some(({ options }) => options.mode === 'joint');
  return joint
    ? `thresholds of ${names} for ${pack.name}, held in expectation over all messages`
    : `certified thresholds of ${names} for ${pack.name}`;
}

interface Result {
  readonly pack: Pack;
  readonly chosen: ChosenSteps;
  readonly proposal: Shown | undefined;
}

async function show(
  { report, json }: TuneOptions,
  terminal: Terminal,
  { pack, chosen, proposal }: Result,
): Promise<void> {
  if (report !== undefined) {
    await writeFile(report, tuneReport(pack.name, dayOf(Date.now()), chosen));
    terminal.note(`Report: ${report}`);
  }
  if (json) {
    terminal.out(`${JSON.stringify({ ...chosen, proposal: proposal?.path ?? null }, forJson)}\n`);
    return;
  }
  terminal.out(tuneTable(chosen));
  if (proposal === undefined) return;
  terminal.out(`\n${proposal.changes.map(diffOf).join('\n')}`);
  terminal.note(`Nothing has changed. To put it in force: spillway tune --apply ${proposal.path}`);
}

/** Single rows and every threshold that passed, which are many, and not for a reader. */
const leftOut: ReadonlySet<string> = new Set(['judged', 'seen', 'certifiedOn', 'fittedOn', 'passed']);

/** Nano-dollars as text, which holds them exactly. */
function forJson(name: string, value: unknown): unknown {
  if (leftOut.has(name)) return undefined;
  return typeof value === 'bigint' ? String(value) : value;
}

async function apply(path: string, config: CliConfig, terminal: Terminal): Promise<number> {
  const proposal = await readProposal(path);
  await applyProposal(config.pack, proposal);
  terminal.note(`In force from the next start on: ${proposal.reason}`);
  return 0;
}
