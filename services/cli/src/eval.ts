import { writeFile } from 'node:fs/promises';
import { Fault } from '@spillway/contracts/fault';
import type { CallCache } from '@spillway/eval/call-cache';
import { comparisonJson } from '@spillway/eval/comparison-json';
import { comparisonMarkdown } from '@spillway/eval/comparison-markdown';
import { comparisonPage } from '@spillway/eval/comparison-page';
import { allRead } from '@spillway/eval/json-lines';
import { type JudgeQuestions, type JudgeReport, judgeQuestions } from '@spillway/eval/judge-report';
import { junitReport } from '@spillway/eval/junit';
import { type RowsRead, readRows } from '@spillway/eval/read-rows';
import { type ModelAnswers, type StepComparison, stepComparison } from '@spillway/eval/step-comparison';
import type { StepName } from '@spillway/models/language-model';
import type { StepCompletedInit } from '@spillway/models/runner';
import { tasks } from '@spillway/pack/files';
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
import { judgeReplies } from './eval-judge.js';
import { type Contestants, openContestants } from './eval-models.js';
import { type EvalNumbers, type EvalOptions, namesOf, numbersOf, requireFolders } from './eval-options.js';
import { type EvalFile, evalFiles, hashOfFile, refuseTwice, shownPath } from './eval-sets.js';
import { reportText, stepTest, tallyText } from './eval-text.js';
import { newestPrice } from './newest-price.js';
import type { Terminal } from './terminal.js';
import { requireDataFolder } from './writable-folder.js';

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
  await requireFolders(options);
  await requireDataFolder(config.data);
  const pack = await loadPack(config.pack);
  const files = await evalFiles(config.pack, { steps: options.step, sets: options.set });
  const contestants = await openContestants(
    config,
    pack,
    {
      ...(names === undefined ? {} : { names }),
      ...(options.judge === undefined ? {} : { judge: options.judge }),
    },
    terminal.note,
  );
  try {
    const context = { options, config, pack, contestants, terminal, signal, ...numbers, nowMs: Date.now() };
    const sets = await readSets(files, context);
    const { given, tally } = await answersTo(sets, context);
    const judged = await judgedReplies(sets, given, tally, context);
    const comparisons = sets.map((set) => compared(set, given, judged.get(set.step), context));
    await show(comparisons, tally, context);
    return comparisons.some(({ verdict }) => verdict.underFloor) ? GATE_MISSED : 0;
  } catch (error) {
    if (!signal.aborted || Fault.from(error).code !== 'cancelled') throw error;
    terminal.note('Stopped. What was answered is kept: the same command goes on from there.');
    return INTERRUPTED;
  } finally {
    await contestants.close();
  }
}

interface Context extends EvalNumbers {
  readonly options: EvalOptions;
  readonly config: CliConfig;
  readonly pack: Pack;
  readonly contestants: Contestants;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
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
  const steps = tasks.filter((task) => files.some(({ step }) => step === task));
  return allRead(
    steps.map(async (step) => {
      const paths = files.filter((file) => file.step === step).map(({ path }) => path);
      const embedded = contestants.of(step).some((each) => each.embedded);
      const rows = await readRows(step, paths, { pack, embedded });
      requireRows(step, paths, rows);
      const hashes = await Promise.all(paths.map(hashOfFile));
      refuseTwice(paths, hashes);
      return { step, paths, hashes, ...rows };
    }),
  );
}

/** Throws `missing` where nothing is left to compare on, with why. */
function requireRows(step: StepName, paths: readonly string[], { read, leftOut }: RowsRead): void {
  if (read.rows.length > 0) return;
  const message =
    leftOut === 0
      ? 'has no row'
      : 'has no row that the embedded models were not trained on: all are left out';
  throw new Fault('missing', `there is not one row for ${step}`, {
    problems: paths.map((where) => ({ where, message })),
  });
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
    const own =
      concurrency === undefined || contestant.embedded ? contestant : { ...contestant, concurrency };
    return Array.from({ length: repetitions }, (_, repetition) =>
      assign(step, own, inputs, { repetition, calls, nowMs }),
    );
  });
}

/** What each model of a step answered, once for each repetition. */
const answersOf = ({ step }: StepSet, given: Given, { contestants }: Context): readonly ModelAnswers[] =>
  contestants.of(step).map(({ name, tier, embedded }) => ({
    name,
    tier,
    embedded,
    runs: given.flatMap(([{ step: own, contestant }, answers]) =>
      own === step && contestant.name === name && contestant.tier === tier ? [answers] : [],
    ),
  }));

/** What the judge says of the replies, where one is named. */
async function judgedReplies(
  sets: readonly StepSet[],
  given: Given,
  { paidNanos }: CallTally,
  context: Context,
): Promise<ReadonlyMap<StepName, JudgeReport>> {
  const { options, contestants } = context;
  if (options.judge === undefined) return new Map();
  const asked = new Map<StepName, JudgeQuestions>();
  for (const set of sets) {
    const { step, rows } = set.read;
    if (step !== 'draft' && step !== 'polish') continue;
    const models = answersOf(set, given, context);
    const [small = [], big = []] = [models[0]?.runs[0], models.at(-1)?.runs[0]];
    asked.set(step, judgeQuestions(rows, small, big));
  }
  return judgeReplies(asked, { ...context, judge: contestants.named(options.judge), paidNanos });
}

function compared(
  set: StepSet,
  given: Given,
  judged: JudgeReport | undefined,
  context: Context,
): StepComparison {
  const { config, contestants, options, pack, nowMs, trainingNanos } = context;
  const { read, paths, hashes, counts, leftOut, repeated } = set;
  const sets = paths.map((path, at) => ({
    path: shownPath(path, config.pack),
    sha256: hashes[at] ?? '',
    rows: counts[at] ?? 0,
  }));
  const billed = contestants.of(set.step).flatMap(({ name, embedded }) => (embedded ? [] : name));
  // As soon as one model is embedded all lines have a projection.
  const projected = billed.length < contestants.of(set.step).length ? Object.values(pack.reference) : [];
  const pricesFrom = newestPrice(pack, dayOf(nowMs), [...billed, ...projected]);
  return stepComparison(pack, read, answersOf(set, given, context), {
    evidence: { sets, leftOut, repeated, labelSource: options.labelSource, pricesFrom },
    nowMs,
    ...(trainingNanos === undefined ? {} : { trainingNanos }),
    ...(judged === undefined ? {} : { judged }),
  });
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

async function show(
  comparisons: readonly StepComparison[],
  tally: CallTally,
  { options, pack, terminal, nowMs }: Context,
): Promise<void> {
  const { report, markdown, junit, json } = options;
  const head = { pack: pack.name, day: dayOf(nowMs), policyVersion: pack.policy.version };
  const files: readonly (readonly [string | undefined, () => string])[] = [
    [report, () => comparisonPage(head, comparisons)],
    [markdown, () => comparisonMarkdown(head, comparisons)],
    [junit, () => junitReport(pack.name, comparisons.map(stepTest))],
  ];
  for (const [path, text] of files) {
    if (path === undefined) continue;
    await writeFile(path, text());
    terminal.note(`Report: ${path}`);
  }
  terminal.out(json ? `${comparisonJson(head, comparisons, tally)}\n` : reportText(comparisons));
  terminal.note(tallyText(tally));
}
