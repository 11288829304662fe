import { estimateCalls } from '@spillway/eval/estimate';
import { judgePairs, type RepliesToCompare, unjudged } from '@spillway/eval/judge-pairs';
import { type JudgeQuestions, type JudgeReport, judgeReport } from '@spillway/eval/judge-report';
import type { StepName } from '@spillway/models/language-model';
import { dollarsOf, nanosOf } from '@spillway/pack/prices';
import type { CliConfig } from './cli.config.js';
import { agreeOnCost, type SpendingOptions } from './consent.js';
import { openAnswers } from './eval-answers.js';
import type { Contestant } from './eval-models.js';
import type { Terminal } from './terminal.js';

interface Judging {
  readonly config: CliConfig;
  readonly judge: Contestant;
  readonly options: SpendingOptions;
  /** Nano-dollars that the answers have cost already: a limit holds for both together; undefined: unknown. */
  readonly paidNanos: bigint | undefined;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly nowMs: number;
}

/**
 * Asks a judge about the replies of each step, once what that costs is agreed to: the replies are known by then, so the bound
 * is a tight one.
 */
export async function judgeReplies(
  asked: ReadonlyMap<StepName, JudgeQuestions>,
  judging: Judging,
): Promise<ReadonlyMap<StepName, JudgeReport>> {
  const { config, judge, terminal, signal, nowMs } = judging;
  const { pack, models, identity, concurrency, name } = judge;
  const calls = await openAnswers(config, 'judge');
  const model = models.for('polish', judge.tier);
  const options = { pack, model, identity, calls, concurrency, signal };
  const estimates = [...asked].map(([step, questions]) => {
    const pairs = [...questions.replies, ...questions.people];
    const prompts = unjudged(options, pairs);
    const known = 2 * pairs.length - prompts.length;
    const attempts = models.attempts('polish', judge.tier);
    return estimateCalls(pack, { step, model, prompts, known, samples: 1, attempts }, nowMs);
  });
  await agreeOnCost(estimates, remaining(judging), terminal, signal);
  const reports = new Map<StepName, JudgeReport>();
  for (const [step, questions] of asked) {
    const bar = terminal.progress(`${step} judge`, questions.replies.length + questions.people.length);
    const ask = (pairs: readonly RepliesToCompare[], before: number) =>
      judgePairs({ ...options, onAnswer: (done) => bar.update(before + done, '') }, pairs);
    try {
      const replies = await ask(questions.replies, 0);
      const people = await ask(questions.people, replies.length);
      reports.set(step, judgeReport(name, questions, { replies, people }));
    } finally {
      bar.stop();
    }
  }
  return reports;
}

/** What is left of a limit once the answers are paid for. */
function remaining({ options, paidNanos }: Judging): SpendingOptions {
  const limit = options.maxCostUsd === undefined ? undefined : nanosOf(options.maxCostUsd);
  if (limit === undefined || paidNanos === undefined) return options;
  return { ...options, maxCostUsd: dollarsOf(limit > paidNanos ? limit - paidNanos : 0n) };
}
