import { type Attributes, context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { Fault } from '@spillway/contracts/fault';
import { counter, histogram, SECONDS } from '@spillway/telemetry/metrics';
import * as names from '@spillway/telemetry/names';
import { isRecording, tracer } from '@spillway/telemetry/tracing';
import type { Completion, LanguageModel, Layer, Prompt } from '../language-model.js';

export interface MeterOptions {
  /** Service that makes the calls: whose span it is. */
  readonly service: string;
  readonly tier: 'small' | 'big';
  /** What the endpoint knows the model by. */
  readonly model: string;
  /** Who serves it, in the words of the GenAI conventions, such as `openai`. */
  readonly provider: string;
  /** Host of the endpoint; absent for models in the process. */
  readonly host?: string;
  readonly port?: number;
  /** Nano-dollars of a call that started at `startedMs`; undefined: unknown. */
  readonly cost: (usage: Completion['usage'], startedMs: number) => bigint | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds on a clock that never goes back. */
  readonly elapsed?: () => number;
}

const calls = counter(names.MODEL_CALLS, ['model', 'step', 'result']);
const seconds = histogram(names.MODEL_SECONDS, ['model', 'step'], SECONDS);
const tokens = counter(names.MODEL_TOKENS, ['model', 'class']);
const costNanos = counter(names.MODEL_COST_NANOS, ['model']);
const unpriced = counter(names.MODEL_UNPRICED, ['model']);

/**
 * Measures calls: metrics always, a client span where tracing records. List it outermost, so that a call counts once
 * whatever it took.
 */
export const meter =
  (options: MeterOptions): Layer =>
  (model) => {
    const { now, elapsed = () => performance.now() } = options;
    const measured = async (prompt: Prompt, signal: AbortSignal, span?: Span): Promise<Completion> => {
      const startedMs = now();
      const started = elapsed();
      try {
        const completion = await model.complete(prompt, signal);
        const cost = completion.unaccounted ? undefined : options.cost(completion.usage, startedMs);
        countUsage(model, completion, cost);
        calls.inc({ model: model.name, step: prompt.step, result: completion.finishReason });
        span?.setAttributes(answered(completion, cost));
        return completion;
      } catch (error) {
        const fault = Fault.from(error);
        calls.inc({ model: model.name, step: prompt.step, result: fault.code });
        span?.setAttributes({ [names.ERROR_TYPE]: fault.code, [names.ATTEMPTS]: fault.attempts });
        span?.setStatus({ code: SpanStatusCode.ERROR, message: fault.code });
        throw fault;
      } finally {
        seconds.observe({ model: model.name, step: prompt.step }, (elapsed() - started) / 1_000);
        span?.end();
      }
    };
    return {
      name: model.name,
      embedded: model.embedded,
      complete(prompt, signal) {
        if (!isRecording()) return measured(prompt, signal);
        const span = tracer(options.service).startSpan(`chat ${options.model}`, {
          kind: SpanKind.CLIENT,
          attributes: asked(options, prompt),
        });
        return context.with(trace.setSpan(context.active(), span), measured, undefined, prompt, signal, span);
      },
    };
  };

function countUsage(model: LanguageModel, { usage }: Completion, cost: bigint | undefined): void {
  if (cost === undefined) unpriced.inc({ model: model.name });
  else if (cost > 0n) costNanos.inc({ model: model.name }, Number(cost));
  // What an embedded model would have used is no use.
  if (usage.estimated) return;
  tokens.inc({ model: model.name, class: 'input' }, Number(usage.inputTokens));
  tokens.inc({ model: model.name, class: 'cached' }, Number(usage.cachedInputTokens));
  tokens.inc({ model: model.name, class: 'output' }, Number(usage.outputTokens));
  tokens.inc({ model: model.name, class: 'reasoning' }, Number(usage.reasoningTokens));
}

const asked = (options: MeterOptions, prompt: Prompt): Attributes => ({
  [names.GEN_AI_OPERATION]: 'chat',
  [names.GEN_AI_PROVIDER]: options.provider,
  [names.GEN_AI_REQUEST_MODEL]: options.model,
  [names.GEN_AI_MAX_TOKENS]: prompt.maxOutputTokens,
  [names.GEN_AI_OUTPUT_TYPE]: prompt.schema === undefined ? 'text' : 'json',
  [names.STEP]: prompt.step,
  [names.TIER]: options.tier,
  ...(options.host === undefined ? {} : { [names.SERVER_ADDRESS]: options.host }),
  ...(options.port === undefined ? {} : { [names.SERVER_PORT]: options.port }),
});

/** The conventions count cached tokens as input and reasoning as output; Spillway's own classes are disjoint. */
const answered = ({ usage, finishReason, attempts }: Completion, cost: bigint | undefined): Attributes => ({
  [names.GEN_AI_INPUT_TOKENS]: Number(usage.inputTokens + usage.cachedInputTokens),
  [names.GEN_AI_CACHED_TOKENS]: Number(usage.cachedInputTokens),
  [names.GEN_AI_OUTPUT_TOKENS]: Number(usage.outputTokens + usage.reasoningTokens),
  [names.GEN_AI_REASONING_TOKENS]: Number(usage.reasoningTokens),
  ...(usage.estimated ? { [names.USAGE_ESTIMATED]: true } : {}),
  [names.GEN_AI_FINISH_REASONS]: [finishReason],
  [names.ATTEMPTS]: attempts,
  ...(cost === undefined ? {} : { [names.COST_NANOS]: Number(cost) }),
});
