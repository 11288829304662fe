import { createHash } from 'node:crypto';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { StepCompletedSchema } from '@spillway/contracts/events';
import { Fault } from '@spillway/contracts/fault';
import { Tier } from '@spillway/contracts/model';
import { callCost } from '@spillway/models/cost';
import { judgePrompt, type Preference, type ReplyPair, readPreference } from '@spillway/models/judge';
import type { Completion, LanguageModel, Prompt, StepInput } from '@spillway/models/language-model';
import type { Pack } from '@spillway/pack/pack';
import type { CallCache } from '../call-cache.js';

/** Two replies to one message. */
export interface RepliesToCompare {
  readonly input: StepInput;
  readonly one: string;
  readonly other: string;
}

/**
 * What a judge says of two replies in each order, in the words of the place: `first` is `one` in the first order, and
 * `other` in the second. Undefined: its answer could not be read.
 */
export interface JudgedPair {
  readonly inOrder: Preference | undefined;
  readonly reversed: Preference | undefined;
  /** Nano-dollars of both calls; undefined: unknown. */
  readonly costNanos: bigint | undefined;
}

export interface JudgeOptions {
  readonly pack: Pack;
  readonly model: LanguageModel;
  /** What distinguishes the model from others of its name. */
  readonly identity: string;
  readonly calls: CallCache;
  /** Calls at a time. */
  readonly concurrency: number;
  readonly signal: AbortSignal;
  readonly onAnswer?: (done: number) => void;
}

type Names = Pick<JudgeOptions, 'pack' | 'identity'>;

/** The prompt of one comparison; its id is a hash of everything that its answer follows from. */
function promptOf({ pack, identity }: Names, pair: ReplyPair): Prompt {
  const { system, user, schema, maxOutputTokens } = judgePrompt(pack, pair, '');
  const hash = createHash('sha256')
    .update(JSON.stringify([identity, 'judge', system, user, schema, maxOutputTokens]))
    .digest('hex');
  return judgePrompt(pack, pair, `${hash.slice(0, 40)}/judge`);
}

const ordersOf = ({ input, one, other }: RepliesToCompare): readonly ReplyPair[] => [
  { input, first: one, second: other },
  { input, first: other, second: one },
];

/** The prompts of comparisons that are not recorded yet, each once. */
export function unjudged(
  options: Names & { readonly calls: Pick<CallCache, 'has'> },
  pairs: readonly RepliesToCompare[],
): readonly Prompt[] {
  const prompts = pairs.flatMap(ordersOf).map((pair) => promptOf(options, pair));
  const missing = new Map(prompts.map((prompt) => [prompt.callId, prompt]));
  return [...missing.values()].filter(({ callId }) => !options.calls.has(callId));
}

/** Long enough for any model: a claim is never taken over, since one process judges. */
const LEASE_MS = 600_000;

/**
 * Asks a judge for each pair in both orders, and records every answer as soon as it is there.
 *
 * @throws Fault `cancelled` when the signal is aborted, and what the model rejects with where a call got no answer
 */
export async function judgePairs(
  options: JudgeOptions,
  pairs: readonly RepliesToCompare[],
): Promise<readonly JudgedPair[]> {
  const { concurrency, onAnswer } = options;
  const judged = new Array<JudgedPair>(pairs.length);
  let [next, done] = [0, 0];
  const work = async (): Promise<void> => {
    for (let at = next++; at < pairs.length; at = next++) {
      const [inOrder, reversed] = ordersOf(pairs[at] as RepliesToCompare);
      const first = await compared(options, inOrder as ReplyPair);
      const second = await compared(options, reversed as ReplyPair);
      const unknown = first.costNanos === undefined || second.costNanos === undefined;
      judged[at] = {
        inOrder: first.preference,
        reversed: second.preference,
        costNanos: unknown ? undefined : (first.costNanos ?? 0n) + (second.costNanos ?? 0n),
      };
      done += 1;
      onAnswer?.(done);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, pairs.length) }, work));
  return judged;
}

interface Compared {
  readonly preference: Preference | undefined;
  readonly costNanos: bigint | undefined;
}

const preferences: readonly Preference[] = ['first', 'second', 'neither'];

async function compared(options: JudgeOptions, pair: ReplyPair): Promise<Compared> {
  const { pack, model, calls, signal } = options;
  const prompt = promptOf(options, pair);
  const ask = async (): Promise<Uint8Array> => {
    const startedMs = Date.now();
    const completion = await model.complete(prompt, signal);
    return recorded(prompt, completion, callCost(pack, model, completion.usage, startedMs), startedMs);
  };
  try {
    const { result, call } = fromBinary(
      StepCompletedSchema,
      (await calls.once(prompt.callId, LEASE_MS, ask, signal)).result,
    );
    const said = result.case === 'classification' ? result.value.label : '';
    return { preference: preferences.find((each) => each === said), costNanos: call?.costNanos };
  } catch (error) {
    if (signal.aborted)
      throw new Fault('cancelled', 'given up before the judge had answered', { cause: error });
    throw Fault.from(error);
  }
}

/** In the form that the answers of steps are recorded in: what cannot be read is an answer too, and is paid for. */
function recorded(
  { callId }: Prompt,
  completion: Completion,
  costNanos: bigint | undefined,
  startedMs: number,
): Uint8Array {
  let label = '';
  try {
    label = readPreference(completion);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
  }
  const { usage, fingerprint, finishReason, attempts } = completion;
  return toBinary(
    StepCompletedSchema,
    create(StepCompletedSchema, {
      tier: Tier.BIG,
      result: { case: 'classification', value: { label } },
      call: {
        callId,
        usage,
        ...(costNanos === undefined ? {} : { costNanos }),
        fingerprint,
        finishReason,
        attempts,
        startedAt: timestampFromMs(startedMs),
      },
    }),
  );
}
