import { create, fromBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { trace } from '@opentelemetry/api';
import { encode } from '@spillway/contracts/encode';
import { PolishPurpose, type StepCompleted, StepCompletedSchema } from '@spillway/contracts/events';
import { Fault } from '@spillway/contracts/fault';
import { Step, Tier } from '@spillway/contracts/model';
import type { Pack } from '@spillway/pack/pack';
import { RECORDED } from '@spillway/telemetry/names';
import { isRecording } from '@spillway/telemetry/tracing';
import { callCost, mayBeBilled } from './cost.js';
import type { Completion, LanguageModel, StepInput, StepName } from './language-model.js';
import { timeout } from './layers/timeout.js';
import { drawSamples, SAMPLE_TEMPERATURE, withOffSchema } from './samples.js';
import { type Signals, silenceOf, weigh } from './signals.js';
import { type Failed, failed, isOverBudget } from './step-failure.js';
import type { StepAnswer } from './steps/answer.js';
import { promptFor, readAnswer, type StepPrompt } from './steps.js';

export type ModelTier = 'small' | 'big';

/** What a runner needs of the recorded calls; `@spillway/store/recorded-calls` has them. */
export interface Calls {
  /**
   * Does the work once for this id, whoever asks; afterwards everybody gets its result. `longestMs` is longer than the
   * work can take.
   */
  once(
    callId: string,
    longestMs: number,
    work: () => Promise<Uint8Array>,
    signal: AbortSignal,
  ): Promise<{ readonly result: Uint8Array; readonly recorded: boolean }>;
}

export interface RunnerOptions {
  readonly pack: Pack;
  readonly models: {
    for(step: StepName, tier: ModelTier): LanguageModel;
    /** Left out: an answer's own probabilities say how sure it is. */
    signals?(step: StepName, tier: ModelTier): Signals;
  };
  readonly calls: Calls;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds on a clock that never goes back. */
  readonly elapsed?: () => number;
  /** Told of every small answer whose endpoint gives no confidence to any: why, in a sentence. */
  readonly onSilence?: (step: StepName, model: string, why: string) => void;
}

export interface StepRequest {
  readonly step: StepName;
  readonly tier: ModelTier;
  /** Why this model is asked: part of the call's id. */
  readonly purpose?: 'answer' | 'final' | 'escalation' | 'audit';
  /** How often it was asked before and a full budget was in the way: part of the call's id. */
  readonly askedBefore?: number;
  readonly conversationId: string;
  readonly messageId: string;
  readonly input: StepInput;
}

export type StepCompletedInit = MessageInitShape<typeof StepCompletedSchema>;

export interface StepRunner {
  run(request: StepRequest, signal: AbortSignal): Promise<StepCompletedInit>;
}

const steps: Readonly<Record<StepName, Step>> = {
  classify: Step.CLASSIFY,
  extract: Step.EXTRACT,
  sentiment: Step.SENTIMENT,
  draft: Step.DRAFT,
  polish: Step.POLISH,
};
const purposes: Readonly<Record<NonNullable<StepRequest['purpose']>, PolishPurpose>> = {
  answer: PolishPurpose.UNSPECIFIED,
  final: PolishPurpose.FINAL,
  escalation: PolishPurpose.ESCALATION,
  audit: PolishPurpose.AUDIT,
};
const tiers: Readonly<Record<ModelTier, Tier>> = { small: Tier.SMALL, big: Tier.BIG };

/** Milliseconds by which a claim outlives its call, so that nobody starts the call again while it is being recorded. */
const RECORD_MARGIN_MS = 5_000;
/** Calls for one answer: one that is off the schema is asked for once more, and then it is a failure. */
export const MAX_ANSWERS = 2;

/**
 * Runs steps: prompt, call, answer, bill.
 *
 * A call is made once: what came of it, failures included, is recorded under `<message id>/<step>/<tier>/<purpose>`, and
 * a redelivered event gets the same bytes again. Embedded models are not recorded: they are free and answer alike.
 *
 * A call that a full budget did not allow was not made, and is not recorded: its failure says when the budget has room
 * again.
 *
 * Failures of the model (retries used up, breaker open, the policy's deadline for the tier passed, an answer off the
 * schema twice, a refusal) come back as a result of the case `failure`. An answer off the schema is asked for once more
 * here, since no layer below knows what an answer must look like; both calls are on the bill. `run` itself rejects only
 * with `cancelled`, when the signal is aborted before there is an answer, and with what the record of calls throws.
 */
export function stepRunner(options: RunnerOptions): StepRunner {
  return {
    run(request, signal) {
      const model = options.models.for(request.step, request.tier);
      const assignment = { request, model, callId: callIdOf(request) };
      return model.embedded ? complete(options, assignment, signal) : once(options, assignment, signal);
    },
  };
}

async function once(
  options: RunnerOptions,
  assignment: Assignment,
  signal: AbortSignal,
): Promise<StepCompletedInit> {
  const { smallMs, bigMs } = options.pack.policy.deadlines;
  const deadlineMs = assignment.request.tier === 'small' ? smallMs : bigMs;
  let overBudget: StepCompletedInit | undefined;
  let made: StepCompleted | undefined;
  const work = async (): Promise<Uint8Array> => {
    const completed = await complete(options, { ...assignment, deadlineMs }, signal);
    if (isOverBudget(completed)) {
      overBudget = completed;
      throw new Fault('over_budget', 'the call was not made');
    }
    made = create(StepCompletedSchema, completed);
    return encode(StepCompletedSchema, made);
  };
  try {
    const longestMs = deadlineMs + RECORD_MARGIN_MS;
    const { result, recorded } = await options.calls.once(assignment.callId, longestMs, work, signal);
    if (isRecording()) trace.getActiveSpan()?.setAttribute(RECORDED, recorded);
    return made === undefined || recorded ? fromBinary(StepCompletedSchema, result) : made;
  } catch (error) {
    if (overBudget !== undefined && Fault.from(error).code === 'over_budget') return overBudget;
    throw error;
  }
}

type CallName = Pick<StepRequest, 'messageId' | 'step' | 'tier' | 'purpose' | 'askedBefore'>;

/** The id under which a call is recorded. */
export function callIdOf({ messageId, step, tier, purpose = 'answer', askedBefore = 0 }: CallName): string {
  const callId = `${messageId}/${step}/${tier}/${purpose}`;
  return askedBefore === 0 ? callId : `${callId}/again-${askedBefore}`;
}

interface Assignment {
  readonly request: StepRequest;
  readonly model: LanguageModel;
  readonly callId: string;
  /** Milliseconds for all calls of this answer; absent for models that answer at once. */
  readonly deadlineMs?: number;
}

async function complete(
  options: RunnerOptions,
  assignment: Assignment,
  signal: AbortSignal,
): Promise<StepCompletedInit> {
  const { pack, now, elapsed = () => performance.now() } = options;
  const { request, model, callId } = assignment;
  const startedMs = now();
  const started = elapsed();
  const asked = await ask(options, assignment, () => elapsed() - started, signal);
  if (asked.lost?.code === 'cancelled') throw asked.lost;
  const { fingerprint, ...answered } = await published(options, assignment, asked);
  const last = asked.completions.at(-1);
  const costNanos = billOf(pack, model, asked, startedMs);
  return {
    conversationId: request.conversationId,
    messageId: request.messageId,
    step: steps[request.step],
    tier: tiers[request.tier],
    purpose: purposes[request.purpose ?? 'answer'],
    ...answered,
    call: {
      callId,
      model: model.name,
      tier: tiers[request.tier],
      ...(asked.completions.length === 0 ? {} : { usage: usageOf(asked.completions) }),
      ...(costNanos === undefined ? {} : { costNanos }),
      latencyMs: elapsed() - started,
      attempts: attemptsIn(asked),
      finishReason: last?.finishReason ?? 'error',
      fingerprint,
      startedAt: timestampFromMs(startedMs),
      embedded: model.embedded,
    },
    completedAt: timestampFromMs(now()),
  };
}

interface Asked {
  readonly completions: readonly Completion[];
  readonly answer: StepAnswer | Fault;
  /** The fault of a call that gave no completion. */
  readonly lost?: Fault;
}

function ask(
  { pack, models }: RunnerOptions,
  { request, model, callId, deadlineMs }: Assignment,
  passedMs: () => number,
  signal: AbortSignal,
): Promise<Asked> {
  const { step, tier, input } = request;
  const { samples } = models.signals?.(step, tier) ?? { samples: 1 };
  const givenUp = (error: unknown): never => {
    const lost = Fault.from(error);
    if (!signal.aborted && lost.code !== 'cancelled') throw lost;
    throw new Fault('cancelled', 'given up before the model had answered', { cause: lost });
  };
  const complete = (nth: number): Promise<Completion> => {
    // An endpoint that honours idempotency keys would give the same answer again.
    const prompt = promptFor(step, input, pack, nth === 1 ? callId : `${callId}/${nth}`, {
      temperature: samples === 1 ? 0 : SAMPLE_TEMPERATURE,
      continued: nth > 1,
    });
    const bounded =
      deadlineMs === undefined ? model : timeout(Math.max(1, Math.ceil(deadlineMs - passedMs())))(model);
    return bounded.complete(prompt, signal).catch(givenUp);
  };
  const read = (completion: Completion): StepAnswer => readAnswer(step, completion, input, pack);
  // Embedded models answer in the form that they are asked for, always.
  const readNth = (completion: Completion, nth: number): StepAnswer =>
    model.embedded ? read(completion) : withOffSchema(read(completion), nth > 1);
  return samples === 1 ? askUntilReadable(complete, readNth) : drawSamples({ samples, complete, read });
}

/** One answer; one that is off the schema is asked for once more. */
async function askUntilReadable(
  complete: (nth: number) => Promise<Completion>,
  read: (completion: Completion, nth: number) => StepAnswer,
): Promise<Asked> {
  const completions: Completion[] = [];
  let unreadable: Fault | undefined;
  for (;;) {
    const nth = completions.length + 1;
    let completion: Completion;
    try {
      completion = await complete(nth);
    } catch (error) {
      const lost = Fault.from(error);
      // The call before this one was made, and is paid for.
      if (unreadable !== undefined && lost.code === 'over_budget') return { completions, answer: unreadable };
      return { completions, answer: lost, lost };
    }
    completions.push(completion);
    try {
      return { completions, answer: read(completion, nth) };
    } catch (error) {
      const fault = Fault.from(error);
      if (fault.code !== 'malformed' || nth === MAX_ANSWERS) return { completions, answer: fault };
      unreadable = fault;
    }
  }
}

/** What is published of an answer: how sure one may be of it, and what that is comparable with. */
async function published(
  { pack, models, now, onSilence }: RunnerOptions,
  { request, model, callId }: Assignment,
  { answer, completions }: Asked,
): Promise<Failed & { readonly fingerprint: string }> {
  const { step, tier, input } = request;
  const completion = completions.at(-1);
  if (answer instanceof Fault || completion === undefined) {
    const fault = answer instanceof Fault ? answer : new Fault('unknown', 'an answer without a completion');
    return { ...failed(fault, now), fingerprint: completion?.fingerprint ?? '' };
  }
  const signals = models.signals?.(step, tier) ?? { samples: 1 };
  try {
    const prompt = (): StepPrompt => promptFor(step, input, pack, callId);
    const weighed = await weigh({ pack, step, prompt, model, signals, completion, answer });
    // What the big model says is kept with or without a confidence.
    const why = model.embedded || tier === 'big' ? undefined : silenceOf(weighed.confidence);
    if (why !== undefined) onSilence?.(step, model.name, why);
    return { result: answer.result, ...weighed };
  } catch (error) {
    return { ...failed(Fault.from(error), now), fingerprint: completion.fingerprint };
  }
}

function billOf(pack: Pack, model: LanguageModel, asked: Asked, startedMs: number): bigint | undefined {
  if (model.embedded) return 0n;
  if (asked.lost !== undefined && mayBeBilled(asked.lost)) return undefined;
  let sum = 0n;
  for (const { usage, unaccounted } of asked.completions) {
    const cost = unaccounted ? undefined : callCost(pack, model, usage, startedMs);
    if (cost === undefined) return undefined;
    sum += cost;
  }
  return sum;
}

function usageOf(completions: readonly Completion[]): Completion['usage'] {
  return completions
    .map(({ usage }) => usage)
    .reduce((sum, each) => ({
      inputTokens: sum.inputTokens + each.inputTokens,
      cachedInputTokens: sum.cachedInputTokens + each.cachedInputTokens,
      outputTokens: sum.outputTokens + each.outputTokens,
      reasoningTokens: sum.reasoningTokens + each.reasoningTokens,
      estimated: sum.estimated || each.estimated,
    }));
}

const attemptsIn = ({ completions, lost }: Asked): number =>
  completions.reduce((sum, { attempts }) => sum + attempts, lost === undefined ? 0 : lost.attempts);
