import { join } from 'node:path';
import { counted } from '@spillway/confidence/counted';
import { Fault } from '@spillway/contracts/fault';
import { answerAll, unanswered } from '@spillway/eval/answers';
import { type CallCache, openCallCache } from '@spillway/eval/call-cache';
import { type CallEstimate, estimateCalls } from '@spillway/eval/estimate';
import { restTime } from '@spillway/eval/rest-time';
import type { StepInput, StepName } from '@spillway/models/language-model';
import type { StepCompletedInit } from '@spillway/models/runner';
import type { CliConfig } from './cli.config.js';
import type { Contestant } from './eval-models.js';
import type { Terminal } from './terminal.js';

/** One model that is to answer the rows of one step, once for each repetition. */
export interface Assignment {
  readonly step: StepName;
  readonly contestant: Contestant;
  readonly inputs: readonly StepInput[];
  readonly repetition: number;
  readonly calls: CallCache;
  readonly estimate: CallEstimate;
  /** Ids of the calls that nobody has made yet. */
  readonly missing: ReadonlySet<string>;
}

/** What answers came from where, and what the new ones cost. */
export interface CallTally {
  /** Calls to endpoints that the rows take. */
  readonly calls: number;
  /** Of them, those that were recorded by an earlier run. */
  readonly served: number;
  /** Nano-dollars of the others; undefined: unknown. */
  readonly paidNanos: bigint | undefined;
}

/** The file that keeps the answers to a step; `tune` shares it. */
export const openAnswers = (config: CliConfig, name: string): Promise<CallCache> =>
  openCallCache(join(config.data, 'answers', `${name}.jsonl`));

/** What is to be asked of a model, and what that costs at the most. */
export function assign(
  step: StepName,
  contestant: Contestant,
  inputs: readonly StepInput[],
  {
    repetition,
    calls,
    nowMs,
  }: { readonly repetition: number; readonly calls: CallCache; readonly nowMs: number },
): Assignment {
  const { pack, models, tier, identity, embedded, name } = contestant;
  const asked = { pack, models, step, tier, identity, repetition, calls };
  const { prompts, known } = embedded ? { prompts: [], known: 0 } : unanswered(asked, inputs);
  const { samples } = models.signals(step, tier);
  const attempts = models.attempts(step, tier);
  const estimate = estimateCalls(
    pack,
    { step, model: { name, embedded }, prompts, known, samples, attempts },
    nowMs,
  );
  const missing = new Set(prompts.map(({ callId }) => callId));
  return { step, contestant, inputs, repetition, calls, estimate, missing };
}

/**
 * Has the model answer. Faults of `cancelled` are the caller's: what was answered by then is kept.
 */
export async function answered(
  { step, contestant, inputs, repetition, calls, missing }: Assignment,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<readonly StepCompletedInit[]> {
  const { pack, models, tier, identity, concurrency, name } = contestant;
  const bar = terminal.progress(`${step} ${name}`, inputs.length);
  const started = performance.now();
  const hits = calls.hits();
  try {
    return await answerAll(
      {
        pack,
        models,
        calls,
        step,
        tier,
        identity,
        repetition,
        concurrency,
        signal,
        onAnswer(done) {
          const fresh = missing.size === 0 ? 0 : done - (calls.hits() - hits);
          const elapsedMs = performance.now() - started;
          bar.update(done, restTime({ done, fresh, total: inputs.length, elapsedMs }));
        },
      },
      inputs,
    );
  } finally {
    bar.stop();
  }
}

/** Counts where the answers of an assignment came from. */
export function tallyOf(
  { contestant, inputs, missing }: Assignment,
  answers: readonly StepCompletedInit[],
): CallTally {
  if (contestant.embedded) return { calls: 0, served: 0, paidNanos: 0n };
  const fresh = new Map(
    answers.flatMap(({ call }) =>
      call?.callId !== undefined && missing.has(call.callId) ? [[call.callId, call.costNanos] as const] : [],
    ),
  );
  return {
    calls: inputs.length,
    served: inputs.length - fresh.size,
    paidNanos: sumOf([...fresh.values()]),
  };
}

/** All of them together. */
export const tallyAll = (tallies: readonly CallTally[]): CallTally => ({
  calls: tallies.reduce((sum, { calls }) => sum + calls, 0),
  served: tallies.reduce((sum, { served }) => sum + served, 0),
  paidNanos: sumOf(tallies.map(({ paidNanos }) => paidNanos)),
});

function sumOf(parts: readonly (bigint | undefined)[]): bigint | undefined {
  let sum = 0n;
  for (const part of parts) {
    if (part === undefined) return undefined;
    sum += part;
  }
  return sum;
}

/** Faults after which a model has said nothing of the row: the call did not take place, or its answer did not arrive. */
const lost: readonly string[] = [
  'over_budget',
  'throttled',
  'unavailable',
  'misconfigured',
  'conflict',
  'unknown',
] satisfies Fault['code'][];

/**
 * Whether every row was answered. An answer off the schema, a refusal and a passed deadline are the model's own.
 *
 * @throws Fault `unavailable` with how many calls got no answer, by model and code
 */
export function requireAnswers(
  given: readonly (readonly [Assignment, readonly StepCompletedInit[]])[],
): void {
  const problems = given.flatMap(([{ step, contestant }, answers]) => {
    const codes = answers.flatMap(({ result }) =>
      result?.case === 'failure' && lost.includes(result.value.code ?? '') ? [result.value.code ?? ''] : [],
    );
    return [...new Set(codes)].map((code) => ({
      where: `${step} ${contestant.name}`,
      message: `${codes.filter((one) => one === code).length} of ${counted(answers.length, 'call')}: ${code}`,
    }));
  });
  if (problems.length === 0) return;
  throw new Fault(
    'unavailable',
    'some rows got no answer, so nothing is compared; the same command asks for those again, and for no other',
    { problems },
  );
}
