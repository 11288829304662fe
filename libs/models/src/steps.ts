import type { Pack } from '@spillway/pack/pack';
import type { Completion, Prompt, StepInput, StepName } from './language-model.js';
import { answerOf, type StepAnswer, type StepForm } from './steps/answer.js';
import { classifyForm } from './steps/classify.js';
import { draftForm } from './steps/draft.js';
import { extractForm } from './steps/extract.js';
import { polishForm } from './steps/polish.js';
import { type PromptRenderer, promptRenderer, type Rendered } from './steps/prompt.js';
import { sentimentForm } from './steps/sentiment.js';

const forms: Readonly<Record<StepName, (pack: Pack) => StepForm>> = {
  classify: classifyForm,
  extract: extractForm,
  sentiment: sentimentForm,
  draft: draftForm,
  polish: polishForm,
};

interface PreparedStep {
  readonly form: StepForm;
  readonly renderer: PromptRenderer;
  version?: string;
}

/** A pack never changes once it is loaded: what follows from it is worked out once. */
const prepared = new WeakMap<Pack, Partial<Record<StepName, PreparedStep>>>();

function prepare(step: StepName, pack: Pack): PreparedStep {
  let steps = prepared.get(pack);
  if (steps === undefined) {
    steps = {};
    prepared.set(pack, steps);
  }
  steps[step] ??= { form: forms[step](pack), renderer: promptRenderer(step, pack) };
  return steps[step];
}

/** The prompt of a step of the pipeline. */
export interface StepPrompt extends Prompt {
  readonly step: StepName;
}

interface PromptOptions {
  /** 0, which is the likeliest answer, where it is left out. */
  readonly temperature?: number;
  /** As for the prompt. */
  readonly continued?: boolean;
}

/** The prompt of a step: see `promptFor`. An object with getters of its own would take longer to make than all else. */
class LazyPrompt implements StepPrompt {
  readonly schema: StepForm['schema'];
  readonly maxOutputTokens: number;
  readonly topTokens: number;
  readonly #renderer: PromptRenderer;
  #rendered: Rendered | undefined;

  constructor(
    { form, renderer }: PreparedStep,
    readonly step: StepName,
    readonly input: StepInput,
    readonly callId: string,
    readonly temperature: number,
    readonly continued: boolean,
  ) {
    this.schema = form.schema;
    this.maxOutputTokens = form.maxOutputTokens;
    this.topTokens = form.topTokens;
    this.#renderer = renderer;
  }

  get system(): string {
    return this.#text().system;
  }

  get user(): string {
    return this.#text().user;
  }

  get estimatedInputTokens(): number {
    return this.#renderer.estimate(this.input);
  }

  #text(): Rendered {
    this.#rendered ??= this.#renderer.render(this.input);
    return this.#rendered;
  }
}

/**
 * The prompt of a step. Its text is rendered when it is first read, so that it costs an embedded model, which works on
 * `input`, next to nothing.
 */
export const promptFor = (
  step: StepName,
  input: StepInput,
  pack: Pack,
  callId: string,
  { temperature = 0, continued = false }: PromptOptions = {},
): StepPrompt => new LazyPrompt(prepare(step, pack), step, input, callId, temperature, continued);

/**
 * Reads a model's answer to a step against the pack.
 *
 * Throws `malformed` for an answer off the schema (a label or a field that the pack does not know, a value that the
 * message does not hold), `too_large` for one that was cut, `rejected` for a refusal. No message quotes the answer.
 */
export const readAnswer = (
  step: StepName,
  completion: Completion,
  input: StepInput,
  pack: Pack,
): StepAnswer => prepare(step, pack).form.read(answerOf(completion), input);

/** Eight hexadecimal digits that change with the step's prompt and schema: the last part of an endpoint's fingerprint. */
export function promptVersion(step: StepName, pack: Pack): string {
  const ready = prepare(step, pack);
  ready.version ??= ready.renderer.version(ready.form.schema);
  return ready.version;
}
