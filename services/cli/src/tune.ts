import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LabelSource } from '@spillway/confidence/fit';
import { Fault, type Problem } from '@spillway/contracts/fault';
import { type AnsweredRow, answeredRow } from '@spillway/eval/answered-row';
import { answerAll } from '@spillway/eval/answers';
import { openCallCache } from '@spillway/eval/call-cache';
import { type LabelledRow, type LabelledStep, readLabelled } from '@spillway/eval/dataset';
import { ledgerRows } from '@spillway/eval/ledger-rows';
import { certifiedSettings, editPolicy } from '@spillway/eval/policy-edit';
import {
  applyProposal,
  changeOf,
  type FileChange,
  readProposal,
  writeProposal,
} from '@spillway/eval/proposal';
import { newSpends, spendsOf } from '@spillway/eval/spent-rows';
import { type StepTuning, tuneStep } from '@spillway/eval/tune';
import { tuneReport } from '@spillway/eval/tune-report';
import { tuneTable } from '@spillway/eval/tune-table';
import { SPENT_ROWS } from '@spillway/pack/files';
import { loadPack } from '@spillway/pack/load';
import type { Pack } from '@spillway/pack/pack';
import type { Ledger, MessageView } from '@spillway/store/ledger';
import { createTwoFilesPatch } from 'diff';
import type { CliConfig } from './cli.config.js';
import { breakEvenOf, openSmallModels, type SmallModels } from './small-models.js';
import { openLedger } from './stores.js';
import type { Terminal } from './terminal.js';

export interface TuneOptions {
  readonly step?: string;
  readonly set?: string;
  readonly fromLedger: boolean;
  /** ISO day. */
  readonly since?: string;
  readonly target: string;
  readonly delta: string;
  readonly labelSource: LabelSource;
  readonly report?: string;
  readonly apply?: string;
  readonly json: boolean;
}

const steps: readonly LabelledStep[] = ['classify', 'extract', 'sentiment'];

/** Every step that can be tuned is certified. */
const GATE_MISSED = 4;

/**
 * `spillway tune`: has the small models answer labelled messages, fits and certifies, and writes a proposal that
 * changes nothing until it is applied. 4 when a step is not certified.
 */
export async function tune(
  options: TuneOptions,
  config: CliConfig,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  if (options.apply !== undefined) return apply(options.apply, config, terminal);
  const wanted = claimOf(options);
  const pack = await loadPack(config.pack);
  const { labelSource } = options;
  const gathered = options.fromLedger
    ? await fromLedger(options, config, pack)
    : await fromFiles(options, { config, pack, terminal, signal });
  requireRows(gathered, options);
  const day = dayOf(Date.now());
  const tunings = gathered.map(({ step, rows, breakEven }) =>
    tuneStep(rows, { ...wanted, step, labelSource, day, breakEven }),
  );
  await spend(config.pack, tunings);
  const proposal = await propose(config, pack, tunings);
  await show(options, terminal, { pack, tunings, proposal });
  return tunings.every(({ certification }) => certification.verdict === 'certified') ? 0 : GATE_MISSED;
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** Throws `rejected` for every option that is no share between 0 and 1. */
function claimOf({ target, delta }: TuneOptions): { target: number; delta: number } {
  const claim = { target: Number(target), delta: Number(delta) };
  const problems: Problem[] = Object.entries(claim)
    .filter(([, share]) => !(share > 0 && share < 1))
    .map(([name]) => ({ where: `--${name}`, message: 'must be a share over 0 and under 1, such as 0.05' }));
  if (problems.length > 0) throw new Fault('rejected', 'nothing can be certified so', { problems });
  return claim;
}

function chosenSteps({ step }: TuneOptions): readonly LabelledStep[] {
  const chosen = steps.filter((one) => step === undefined || one === step);
  if (chosen.length > 0) return chosen;
  throw new Fault('rejected', `${step} has no labels to be tuned on`, {
    problems: [{ where: '--step', message: `is one of ${steps.join(', ')}` }],
  });
}

/** The labelled file of each step to tune. */
function filesOf(options: TuneOptions, pack: string): readonly (readonly [LabelledStep, string])[] {
  const { step, set } = options;
  const chosen = chosenSteps(options);
  if (set !== undefined && step === undefined) {
    throw new Fault('rejected', 'a set belongs to one step', {
      problems: [{ where: '--step', message: `name the step that ${set} is labelled for` }],
    });
  }
  if (set !== undefined) return chosen.map((one) => [one, set] as const);
  return chosen
    .map((one) => [one, join(pack, 'eval', `${one}.jsonl`)] as const)
    .filter(([, file]) => step !== undefined || existsSync(file));
}

/** Throws `missing` where there is nothing to tune on. */
function requireRows(gathered: readonly Gathered[], { fromLedger: audited, labelSource }: TuneOptions): void {
  const empty = gathered.filter(({ rows }) => rows.length === 0).map(({ step }) => step);
  if (gathered.length > 0 && empty.length === 0) return;
  const message = audited
    ? `the ledger holds no drawn answer with a label of the source ${labelSource}: give the task a \`shadow\` rate in policy.yaml, or look further back with --since`
    : 'there are no labelled messages: name a file with --set';
  const problems = (empty.length === 0 ? steps : empty).map((where) => ({ where, message }));
  throw new Fault('missing', 'nothing can be tuned without labels', { problems });
}

/** What a step is tuned on. */
interface Gathered {
  readonly step: LabelledStep;
  readonly rows: readonly AnsweredRow[];
  readonly breakEven: number;
}

interface Context {
  readonly config: CliConfig;
  readonly pack: Pack;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

interface Answering extends Context {
  readonly models: SmallModels;
}

/** Labelled files, answered by the small models of today. */
async function fromFiles(options: TuneOptions, context: Context): Promise<readonly Gathered[]> {
  const { config, pack, terminal } = context;
  const files = filesOf(options, config.pack);
  const models = await openSmallModels(config, pack, terminal.note);
  const gathered: Gathered[] = [];
  try {
    for (const [step, file] of files) {
      const { answered, breakEven } = await answer(step, await readLabelled(file, step), {
        ...context,
        models,
      });
      gathered.push({ step, rows: answered, breakEven });
    }
  } finally {
    await models.close();
  }
  return gathered;
}

/** Answers that customers got and the audit labelled: they cost nothing more. */
async function fromLedger(options: TuneOptions, config: CliConfig, pack: Pack): Promise<readonly Gathered[]> {
  const sinceMs = sinceOf(options);
  const messages: MessageView[] = [];
  const ledger = await openLedger(config);
  try {
    for await (const message of messagesOf(ledger)) {
      if (message.receivedAtMs < sinceMs) break;
      if (message.audits.length > 0) messages.push(message);
    }
  } finally {
    await ledger.close();
  }
  const seed = pack.policy.version;
  return chosenSteps(options).flatMap((step) => {
    const rows = ledgerRows(messages, { step, source: options.labelSource, seed });
    if (rows.length === 0 && options.step === undefined) return [];
    const usages = messages.flatMap(({ steps }) =>
      steps.flatMap(({ step: name, tier, usage }) =>
        name === step && tier === 'small' && usage !== null ? [usage] : [],
      ),
    );
    return [{ step, rows, breakEven: breakEvenOf(pack, step, usages) }];
  });
}

/** Newest first. */
async function* messagesOf(ledger: Ledger): AsyncGenerator<MessageView> {
  let cursor: string | undefined;
  do {
    const page = await ledger.list(cursor === undefined ? { limit: 200 } : { limit: 200, cursor });
    yield* page.items;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}

const MONTH_MS = 31 * 86_400_000;

function sinceOf({ since }: TuneOptions): number {
  if (since === undefined) return Date.now() - MONTH_MS;
  const ms = Date.parse(since);
  if (!Number.isNaN(ms)) return ms;
  throw new Fault('rejected', 'no such day', {
    problems: [{ where: '--since', message: 'must be a day such as 2026-10-01' }],
  });
}

async function answer(
  step: LabelledStep,
  labelled: readonly LabelledRow[],
  { config, pack, models, terminal, signal }: Answering,
): Promise<{ readonly answered: readonly AnsweredRow[]; readonly breakEven: number }> {
  const rows = unseen(step, labelled, pack, models.embedded(step), terminal.note);
  const calls = await openCallCache(join(config.data, 'answers', `${step}.jsonl`));
  const bar = terminal.progress(step, rows.length);
  try {
    const answers = await answerAll(
      {
        pack,
        models: models.models,
        calls,
        step,
        tier: 'small',
        identity: models.identity(step),
        concurrency: models.concurrency(step),
        signal,
        onAnswer: (done) => bar.update(done, ''),
      },
      rows.map(({ input }) => input),
    );
    return {
      answered: answers.map((completed, at) => answeredRow(step, rows[at] as LabelledRow, completed)),
      breakEven: breakEvenOf(
        pack,
        step,
        answers.flatMap(({ call }) => (call?.usage === undefined ? [] : [call.usage])),
      ),
    };
  } finally {
    bar.stop();
  }
}

/** A model is no judge of what it learned by heart: messages that it was trained on are left out. */
function unseen(
  step: LabelledStep,
  rows: readonly LabelledRow[],
  pack: Pack,
  embedded: boolean,
  say: (line: string) => void,
): readonly LabelledRow[] {
  if (!embedded || step === 'extract') return rows;
  const fold = (text: string) => text.trim().toLowerCase();
  const learned = new Set(pack.intents.flatMap(({ examples }) => examples.map(({ text }) => fold(text))));
  const kept = rows.filter(({ input }) => !learned.has(fold(input.text)));
  if (kept.length < rows.length) {
    say(`${rows.length - kept.length} rows for ${step} are examples that the model was trained on: left out`);
  }
  return kept;
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

async function propose(
  config: CliConfig,
  pack: Pack,
  tunings: readonly StepTuning[],
): Promise<Shown | undefined> {
  const certified = tunings.filter(({ certification }) => certification.verdict === 'certified');
  const day = dayOf(Date.now());
  const policy = await readFile(join(config.pack, 'policy.yaml'), 'utf8');
  const settings = Object.fromEntries(
    certified.map((tuning) => [tuning.options.step, certifiedSettings(tuning) ?? {}]),
  );
  const fits = certified.flatMap(({ fit }) => (fit === undefined ? [] : [fit]));
  const wanted = await Promise.all([
    changeOf(config.pack, 'policy.yaml', editPolicy(policy, day, settings)),
    ...fits.map((fit) =>
      changeOf(config.pack, `confidence/${fit.step}.json`, `${JSON.stringify(fit, null, 2)}\n`),
    ),
  ]);
  const changes = wanted.filter(({ before, after }) => before !== after);
  if (changes.length === 0) return undefined;
  const names = certified.map(({ options }) => options.step).join(', ');
  const reason = `certified thresholds of ${names} for ${pack.name}`;
  const path = await writeProposal(join(config.data, 'proposals'), { madeOn: day, reason, changes });
  return { path, changes };
}

/** A change as a unified diff, the form that reviewers read. */
const diffOf = ({ file, before, after }: FileChange): string =>
  createTwoFilesPatch(before === null ? '/dev/null' : `a/${file}`, `b/${file}`, before ?? '', after);

async function show(
  { report, json }: TuneOptions,
  terminal: Terminal,
  {
    pack,
    tunings,
    proposal,
  }: { readonly pack: Pack; readonly tunings: readonly StepTuning[]; readonly proposal: Shown | undefined },
): Promise<void> {
  if (report !== undefined) {
    await writeFile(report, tuneReport(pack.name, dayOf(Date.now()), tunings));
    terminal.note(`Report: ${report}`);
  }
  if (json) {
    const steps = tunings.map(({ points: _, certifiedOn: __, fittedOn: ___, ...tuning }) => tuning);
    terminal.out(`${JSON.stringify({ steps, proposal: proposal?.path ?? null })}\n`);
    return;
  }
  terminal.out(tuneTable(tunings));
  if (proposal === undefined) return;
  terminal.out(`\n${proposal.changes.map(diffOf).join('\n')}`);
  terminal.note(`Nothing has changed. To put it in force: spillway tune --apply ${proposal.path}`);
}

async function apply(path: string, config: CliConfig, terminal: Terminal): Promise<number> {
  const proposal = await readProposal(path);
  await applyProposal(config.pack, proposal);
  terminal.note(`In force from the next start on: ${proposal.reason}`);
  return 0;
}
