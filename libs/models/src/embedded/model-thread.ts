import { Worker } from 'node:worker_threads';
import { Fault, type FaultCode } from '@spillway/contracts/fault';
import type { Pack } from '@spillway/pack/pack';
import type { StepInput, StepName } from '../language-model.js';
import { type Answer, type EmbeddedModels, modelsAnsweredBy } from './answered-models.js';
import { encodeTrained, sourceOf } from './train.js';
import type { TrainedPack } from './trained.js';

/** What the thread is started with. */
export interface ThreadData {
  readonly pack: Pack;
  readonly trained: Uint8Array;
}

/** One question to the thread. */
export interface Question {
  readonly id: number;
  readonly tier: 'small' | 'big';
  readonly step: StepName;
  readonly input: StepInput;
}

/** What the thread says to one question. */
export type Reply =
  | { readonly id: number; readonly answer: Answer }
  | { readonly id: number; readonly code: FaultCode; readonly message: string };

interface ThreadOptions {
  /** What the thread runs. */
  readonly entry?: URL;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (fault: Fault) => void;
}

/** The thread's own heap, MiB: the models and what one batch of answers leaves behind. */
const LIMITS = { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 24 };

/**
 * `embeddedModels` in a thread of their own: answers are computed on another core, and a text that takes long holds up
 * nobody else. Questions of one turn of the event loop travel together. A thread that dies rejects what it was asked with
 * `unavailable`, and the next question starts another.
 *
 * @throws Fault `misconfigured` when `trained` is of another pack
 */
export function threadedModels(
  pack: Pack,
  trained: TrainedPack,
  { entry = new URL('./model-worker.js', import.meta.url) }: ThreadOptions = {},
): EmbeddedModels & { close(): Promise<void> } {
  if (trained.source !== sourceOf(pack)) {
    throw new Fault('misconfigured', 'the trained models are of another state of the pack: train again');
  }
  const workerData: ThreadData = { pack, trained: encodeTrained(trained) };
  const waiting = new Map<number, Waiting>();
  let questions: Question[] = [];
  let worker: Worker | undefined;
  let last = 0;

  function start(): Worker {
    const started = new Worker(entry, { workerData, execArgv: [], resourceLimits: LIMITS });
    started.on('message', (replies: readonly Reply[]) => replies.forEach(settle));
    started.on('error', (cause) => lose(started, cause));
    started.on('exit', () => lose(started, undefined));
    // Alive only while somebody waits for it.
    started.unref();
    return started;
  }

  function settle(reply: Reply): void {
    const asked = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ('answer' in reply) asked?.resolve(reply.answer);
    else asked?.reject(new Fault(reply.code, reply.message));
  }

  function lose(lost: Worker, cause: unknown): void {
    if (worker !== lost) return;
    worker = undefined;
    const fault = new Fault('unavailable', 'the thread of the embedded models has ended', { cause });
    for (const { reject } of waiting.values()) reject(fault);
    waiting.clear();
  }

  function flush(): void {
    const asked = questions;
    questions = [];
    worker ??= start();
    worker.postMessage(asked);
  }

  const ask = (tier: 'small' | 'big') => (step: StepName, input: StepInput) =>
    new Promise<Answer>((resolve, reject) => {
      last += 1;
      waiting.set(last, { resolve, reject });
      questions.push({ id: last, tier, step, input });
      if (questions.length === 1) setImmediate(flush);
    });

  worker = start();
  return {
    ...modelsAnsweredBy(pack, { small: ask('small'), big: ask('big') }),
    async close() {
      const ending = worker;
      worker = undefined;
      await ending?.terminate();
    },
  };
}
