import { Fault } from '@spillway/contracts/fault';
import type { CallCache } from '@spillway/eval/call-cache';
import { type RowsRead, readRows } from '@spillway/eval/read-rows';
import { type StepComparison, stepComparison } from '@spillway/eval/step-comparison';
import type { StepName } from '@spillway/models/language-model';
import type { StepCompletedInit } from '@spillway/models/runner';
import { loadPack } from '@spillway/pack/load';
import type { Pack } from '@spillway/pack/pack';
import type { CliConfig } from './cli.config.js';
import { agreeOnCost } from './consent.js';
import {
  type Assignment,
  answered,
  assign,
  type CallTally,
  openAnswers,
  requireAnswers,
  tallyAll,
  tallyOf,
} from './eval-answers.js';
import { type Contestants, openContestants } from './eval-models.js';
import { type EvalFile, evalFiles, hashOfFile } from './eval-sets.js';
import { comparisonText, tallyText } from './eval-text.js';
import { newestPrice } from './newest-price.js';
import type { Terminal } from './terminal.js';

export interface EvalOptions {
  readonly step: readonly string[];
  readonly set: readonly string[];
  /** Names with commas between. */
  readonly models?: string;
  readonly repeat: string;
  readonly concurrency?: string;
  readonly report?: string;
  readonly markdown?: string;
  readonly junit?: string;
  readonly json: boolean;
  readonly yes: boolean;
  readonly maxCostUsd?: string;
}

/** A step is under its floor. */
const GATE_MISSED = 4;
/** As shells have it for what Ctrl-C ended. */
const INTERRUPTED = 130;

/**
 * `spillway eval`: has two models or more answer the same sets by the code that answers customers, and compares them. 4 when
 * a step is under its floor, 130 when it was stopped: what was answered by then is kept, and the next run goes on from there.
 */
export async function evaluate(
  options: EvalOptions,
  config: CliConfig,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const numbers = numbersOf(options);
  const names = namesOf(options);
  const pack = await loadPack(config.pack);
  const files = await evalFiles(config.pack, { steps: options.step, sets: options.set });
  const contestants = await openContestants(
    config,
    pack,
    { ...(names === undefined ? {} : { names }) },
    terminal.note,
  );
  try {
    const context = { options, config, pack, contestants, terminal, signal, ...numbers, nowMs: Date.now() };
    const sets = await readSets(files, context);
    const { given, tally } = await answersTo(sets, context);
    const comparisons = sets.map((set) => compared(set, given, context));
    await show(comparisons, tally, context);
    return 0;
  } catch (error) {
    if (!signal.aborted || Fault.from(error).code !== 'cancelled') throw error;
    terminal.note('Stopped. What was answered is kept: the same command goes on from there.');
    return INTERRUPTED;
  } finally {
    await contestants.close();
  }
}

/** Throws `rejected` for every option that is no whole number from 1 on. */
function numbersOf({ repeat, concurrency }: EvalOptions): {
  repeat: number;
  concurrency: number | undefined;
} {
  const wanted = { repeat, ...(concurrency === undefined ? {} : { concurrency }) };
  const problems = Object.entries(wanted)
    .filter(([, text]) => !/^[1-9]\d{0,3}$/.test(text))
    .map(([name]) => ({ where: `--${name}`, message: 'must be a whole number, 1 to 9999' }));
  if (problems.length > 0) throw new Fault('rejected', 'nothing can be evaluated so', { problems });
  return {
    repeat: Number(repeat),
    concurrency: concurrency === undefined ? undefined : Number(concurrency),
  };
}

/** Throws `rejected` for fewer than two different names. */
function namesOf({ models }: EvalOptions): readonly string[] | undefined {
  if (models === undefined) return undefined;
  const names = models.split(',').flatMap((name) => name.trim() || []);
  if (names.length >= 2 && new Set(names).size === names.length) return names;
  throw new Fault('rejected', 'models are compared with each other', {
    problems: [{ where: '--models', message: 'name two or more, the small one first and the big one last' }],
  });
}

interface Context {
  readonly options: EvalOptions;
  readonly config: CliConfig;
  readonly pack: Pack;
  readonly contestants: Contestants;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly repeat: number;
  readonly concurrency: number | undefined;
  readonly nowMs: number;
}

/** The rows of one step with the files that they come from. */
interface StepSet extends RowsRead {
  readonly step: StepName;
  readonly paths: readonly string[];
  readonly hashes: readonly string[];
}

async function readSets(
  files: readonly EvalFile[],
  { pack, contestants }: Context,
): Promise<readonly StepSet[]> {
  const steps = [...new Set(files.map(({ step }) => step))];
  return Promise.all(
    steps.map(async (step) => {
      const paths = files.filter((file) => file.step === step).map(({ path }) => path);
      const embedded = contestants.of(step).some((each) => each.embedded);
      const rows = await readRows(step, paths, { pack, embedded });
      if (rows.read.rows.length === 0) throw new Fault('missing', `there is not one row for ${step}`);
      return { step, paths, hashes: await Promise.all(paths.map(hashOfFile)), ...rows };
    }),
  );
}

type Given = readonly (readonly [Assignment, readonly StepCompletedInit[]])[];

/** All answers to all sets: what they cost is agreed to before the first is asked for. */
async function answersTo(
  sets: readonly StepSet[],
  context: Context,
): Promise<{ readonly given: Given; readonly tally: CallTally }> {
  const { config, options, terminal, signal } = context;
  const assignments: Assignment[] = [];
  for (const set of sets) {
    assignments.push(...assignmentsOf(set, await openAnswers(config, set.step), context));
  }
  await agreeOnCost(
    assignments.map(({ estimate }) => estimate),
    options,
    terminal,
    signal,
  );
  const given: (readonly [Assignment, readonly StepCompletedInit[]])[] = [];
  for (const each of assignments) given.push([each, await answered(each, terminal, signal)]);
  requireAnswers(given);
  return { given, tally: tallyAll(given.map(([each, answers]) => tallyOf(each, answers))) };
}

function assignmentsOf(
  { step, read }: StepSet,
  calls: CallCache,
  { contestants, repeat, concurrency, nowMs }: Context,
): readonly Assignment[] {
  const inputs = read.rows.map(({ input }) => input);
  return contestants.of(step).flatMap((contestant) => {
    // The embedded models answer alike each time.
    const repetitions = contestant.embedded ? 1 : repeat;
    const own = concurrency === undefined ? contestant : { ...contestant, concurrency };
    return Array.from({ length: repetitions }, (_, repetition) =>
      assign(step, own, inputs, { repetition, calls, nowMs }),
    );
  });
}

function compared(set: StepSet, given: Given, { pack, contestants, nowMs }: Context): StepComparison {
  const { step, read, paths, hashes, counts, leftOut } = set;
  const models = contestants.of(step).map(({ name, tier, embedded }) => ({
    name,
    tier,
    embedded,
    runs: given
      .filter(
        ([each]) => each.step === step && each.contestant.name === name && each.contestant.tier === tier,
      )
      .map(([, answers]) => answers),
  }));
  const sets = paths.map((path, at) => ({ path, sha256: hashes[at] ?? '', rows: counts[at] ?? 0 }));
  const pricesFrom = newestPrice(pack, new Date(nowMs).toISOString().slice(0, 10));
  return stepComparison(pack, read, models, { evidence: { sets, leftOut, pricesFrom }, nowMs });
}

async function show(
  comparisons: readonly StepComparison[],
  tally: CallTally,
  { terminal }: Context,
): Promise<void> {
  terminal.out(comparisons.map(comparisonText).join('\n'));
  terminal.note(tallyText(tally));
}
