import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { counted } from '@spillway/confidence/counted';
import { Fault } from '@spillway/contracts/fault';
import { answeredRow } from '@spillway/eval/answered-row';
import { type AnswerOptions, answerAll, unanswered } from '@spillway/eval/answers';
import { type CallCache, openCallCache } from '@spillway/eval/call-cache';
import { type LabelledRow, type LabelledStep, readLabelled } from '@spillway/eval/dataset';
import { type CallEstimate, estimateCalls } from '@spillway/eval/estimate';
import { allRead } from '@spillway/eval/json-lines';
import { pricingOf } from '@spillway/eval/step-pricing';
import { unseenRows } from '@spillway/eval/unseen-rows';
import type { Pack } from '@spillway/pack/pack';
import type { CliConfig } from './cli.config.js';
import { agreeOnCost, type SpendingOptions } from './consent.js';
import { shownPath } from './eval-sets.js';
import { openSmallModels, type SmallModels } from './small-models.js';
import type { Terminal } from './terminal.js';
import { chosenSteps, type GatheredStep, type StepOptions } from './tune-rows.js';

export interface LabelledFiles extends StepOptions, SpendingOptions {
  /** The file of the one step, in the place of the pack's. */
  readonly set?: string;
}

interface Context {
  readonly config: CliConfig;
  readonly pack: Pack;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** A step with the rows that its model is to answer. */
interface Question {
  readonly step: LabelledStep;
  readonly from: string;
  readonly rows: readonly LabelledRow[];
  readonly calls: CallCache;
}

/**
 * Labelled files, answered by the small models of today. What that can cost at an endpoint is told and agreed to before
 * the first call.
 *
 * @throws Fault `rejected` or `cancelled` where it is not, and `malformed` with all that is wrong in the files, with no call made
 */
export async function fromFiles(options: LabelledFiles, context: Context): Promise<readonly GatheredStep[]> {
  const { config, pack, terminal, signal } = context;
  const files = filesOf(options, config.pack);
  const steps = files.map(([step]) => step);
  // What is wrong in a file is told before anything is trained or opened.
  const read = await allRead(files.map(([step, file]) => readLabelled(file, step, pack)));
  const models = await openSmallModels(config, pack, steps, terminal.note);
  try {
    const questions = await Promise.all(
      files.map(async ([step, file], at): Promise<Question> => {
        const from = shownPath(file, config.pack);
        const rows = unseen(step, read[at] ?? [], pack, models.embedded(step), terminal.note);
        return {
          step,
          from,
          rows,
          calls: await openCallCache(join(config.data, 'answers', `${step}.jsonl`)),
        };
      }),
    );
    const estimates = questions.map((question) => estimateOf(question, models, pack));
    await agreeOnCost(estimates, options, terminal, signal);
    const gathered: GatheredStep[] = [];
    for (const question of questions) gathered.push(await answer(question, models, context));
    return gathered;
  } finally {
    await models.close();
  }
}

/** The labelled file of each step to tune. */
function filesOf(options: LabelledFiles, pack: string): readonly (readonly [LabelledStep, string])[] {
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

const answering = ({ step, calls }: Question, models: SmallModels, pack: Pack) =>
  ({ pack, models: models.models, step, tier: 'small', calls, identity: models.identity(step) }) as const;

function estimateOf(question: Question, small: SmallModels, pack: Pack): CallEstimate {
  const { step, rows } = question;
  const { models } = small;
  const inputs = rows.map(({ input }) => input);
  return estimateCalls(
    pack,
    {
      step,
      model: models.for(step, 'small'),
      ...unanswered(answering(question, small, pack), inputs),
      samples: models.signals(step, 'small').samples,
      attempts: models.attempts(step, 'small'),
    },
    Date.now(),
  );
}

async function answer(question: Question, small: SmallModels, context: Context): Promise<GatheredStep> {
  const { step, from, rows } = question;
  const { pack, terminal, signal } = context;
  const bar = terminal.progress(step, rows.length);
  const asked: AnswerOptions = {
    ...answering(question, small, pack),
    concurrency: small.concurrency(step),
    signal,
    onAnswer: (done) => bar.update(done, ''),
  };
  try {
    const answers = await answerAll(
      asked,
      rows.map(({ input }) => input),
    );
    const usages = answers.flatMap(({ call, confidence }) =>
      call?.usage === undefined
        ? []
        : [{ tokens: call.usage, samples: confidence?.features?.['samples'] ?? 1 }],
    );
    return {
      step,
      from,
      rows: answers.map((completed, at) => answeredRow(step, rows[at] as LabelledRow, completed)),
      pricing: pricingOf(pack, { step, ...small.priced(step), usages }, Date.now()),
    };
  } finally {
    bar.stop();
  }
}

/** Messages that an embedded model was trained on are left out, and told of. */
function unseen(
  step: LabelledStep,
  rows: readonly LabelledRow[],
  pack: Pack,
  embedded: boolean,
  say: (line: string) => void,
): readonly LabelledRow[] {
  if (!embedded) return rows;
  const kept = unseenRows(step, rows, pack);
  if (kept.length < rows.length) {
    const known = rows.length - kept.length;
    const are = known === 1 ? 'is an example' : 'are examples';
    say(`${counted(known, 'row')} for ${step} ${are} that the model was trained on: left out`);
  }
  return kept;
}
