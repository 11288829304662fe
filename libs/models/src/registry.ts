import { Fault, type Problem } from '@spillway/contracts/fault';
import type { ModelDefinition, Pack } from '@spillway/pack/pack';
import { callCost, costBound, pricedAs } from './cost.js';
import { type LanguageModel, type Layer, type StepName, stack } from './language-model.js';
import { breaker } from './layers/breaker.js';
import { budget, type CallBudget } from './layers/budget.js';
import { concurrency } from './layers/concurrency.js';
import { hold } from './layers/hold.js';
import { meter } from './layers/meter.js';
import { retry } from './layers/retry.js';
import { timeout } from './layers/timeout.js';
import { type OpenAiModel, openAiCompatible } from './openai.js';
import type { Signals } from './signals.js';

type ModelTier = 'small' | 'big';

/** An endpoint that takes the place of the pack's for every step of a tier. */
export interface EndpointOverride {
  readonly baseUrl: string;
  readonly apiKey?: string | undefined;
  readonly model: string;
}

export interface ModelsOptions {
  readonly pack: Pack;
  /** The models that run in the process; left out where `needsEmbedded` says that none is asked. */
  readonly embedded?: { readonly small: LanguageModel; readonly big: LanguageModel };
  readonly overrides?: { readonly small?: EndpointOverride; readonly big?: EndpointOverride };
  /** Value of an environment variable that the pack names; undefined when it is not set. */
  readonly apiKeys: (variableName: string) => string | undefined;
  /** Holds the calls of endpoints to the policy's caps; left out, they are not counted. */
  readonly budget?: CallBudget;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export interface Models {
  /** The model that serves a step at a tier, in its layers. */
  for(step: StepName, tier: ModelTier): LanguageModel;
  signals(step: StepName, tier: ModelTier): Signals;
  /** How often one call is tried at the most. */
  attempts(step: StepName, tier: ModelTier): number;
  /** Whether any of them is an endpoint, which may take its time or never answer. */
  readonly remote: boolean;
  /**
   * Calls no endpoint any more and waits for the calls under way, at most so many milliseconds. Calls that come from now
   * on wait until their signals are aborted. Embedded models go on answering.
   */
  finish(timeoutMs: number): Promise<void>;
  /** Resolves once a call waits because of `finish`. */
  readonly unsent: Promise<void>;
  /** Closes the connections. */
  close(): Promise<void>;
}

/** Whose span a call is: at the big tier one worker serves every step. */
const services: Readonly<Record<StepName, string>> = {
  classify: 'classifier',
  extract: 'extractor',
  sentiment: 'sentiment',
  draft: 'drafter',
  polish: 'polisher',
};
const steps = Object.keys(services) as readonly StepName[];
const tiers: readonly ModelTier[] = ['small', 'big'];

/** Calls that may wait for a turn, for each that may run. */
const QUEUE_PER_CALL = 64;
/** What an override gets where the pack has no endpoint for the tier to go by. */
const plain = { timeoutMs: 30_000, maxAttempts: 3, concurrency: 16 };

/**
 * Opens the models of a pack, each in its layers: metered as a whole; each attempt waits for its turn, passes the breaker
 * and has its own time.
 *
 * An endpoint is a base URL with a model: whoever shares one shares its turns and its breaker. A model that overrides the
 * pack's is named after what the endpoint calls it, so that it has a price only if the pack prices a model of that name.
 *
 * Throws `misconfigured` with everything that is missing.
 */
export function openModels(options: ModelsOptions): Models {
  const chosen = chooseAll(options);
  const calls = hold();
  const drivers = new Map<string, OpenAiModel>();
  const endpoints = new Map<string, Endpoint>();
  const models = new Map<string, LanguageModel>();
  const signals = new Map<string, Signals>();
  for (const choice of chosen) {
    const { definition } = choice;
    const model =
      definition.driver === 'embedded'
        ? renamed(embeddedOf(options, definition.tier), definition.name)
        : stack(driverOf(drivers, choice), [
            retry({ attempts: definition.maxAttempts }),
            ...layersOf(endpointOf(endpoints, choice), calls.layer, budgetOf(options, choice)),
            timeout(definition.timeoutMs),
          ]);
    const key = `${choice.step}:${choice.tier}`;
    models.set(key, meterOf(options, choice)(model));
    signals.set(key, signalsOf(options, choice));
  }
  return {
    for(step, tier) {
      const model = models.get(`${step}:${tier}`);
      if (model === undefined) throw new Fault('misconfigured', `no model for ${step} at ${tier}`);
      return model;
    },
    signals: (step, tier) => signals.get(`${step}:${tier}`) ?? { samples: 1 },
    attempts: (step, tier) =>
      chosen.find((choice) => choice.step === step && choice.tier === tier)?.definition.maxAttempts ?? 1,
    remote: drivers.size > 0,
    finish: (timeoutMs) => calls.begin(timeoutMs),
    unsent: calls.waits,
    async close() {
      await Promise.all([...drivers.values()].map((driver) => driver.close()));
    },
  };
}

/** A step and tier with the model that serves it. */
interface Choice {
  readonly step: StepName;
  readonly tier: ModelTier;
  readonly definition: Omit<ModelDefinition, 'prices'>;
  readonly apiKey?: string;
}

function chooseAll(options: ModelsOptions): readonly Choice[] {
  const problems = new Map<string, Problem>();
  const choices = tiers.flatMap((tier) =>
    steps.flatMap((step) => {
      const choice = choose(options, step, tier);
      if (!('where' in choice)) return [choice];
      problems.set(choice.where, choice);
      return [];
    }),
  );
  if (problems.size > 0) {
    throw new Fault('misconfigured', 'models cannot be opened', { problems: [...problems.values()] });
  }
  return choices;
}

function choose(options: ModelsOptions, step: StepName, tier: ModelTier): Choice | Problem {
  const choice = named(options, step, tier);
  if ('where' in choice || choice.definition.driver === 'embedded') return choice;
  const { pack } = options;
  const { name } = choice.definition;
  const priced = pricedAs(pack, name);
  if (priced !== undefined || !isCapped(pack, name)) return choice;
  return { where: name, message: 'falls under a budget cap of the policy, and the pack has no price for it' };
}

function named(
  { pack, overrides, apiKeys }: ModelsOptions,
  step: StepName,
  tier: ModelTier,
): Choice | Problem {
  const override = overrides?.[tier];
  if (override !== undefined) {
    const { baseUrl, apiKey, model } = override;
    const like = pack.models.find(({ name, driver }) => name === pack.reference[tier] && driver === 'openai');
    const definition = { ...plain, ...like, name: model, driver: 'openai', tier, model, baseUrl } as const;
    return { step, tier, definition, ...(apiKey === undefined ? {} : { apiKey }) };
  }
  const name = pack.steps[step][tier];
  const definition = pack.models.find((each) => each.name === name);
  if (definition === undefined)
    return { where: name, message: `the pack lists no model of this name (${step})` };
  if (definition.driver === 'embedded') return { step, tier, definition };
  if (definition.baseUrl === undefined) return { where: name, message: 'the model has no base_url' };
  const variable = definition.apiKeyVariable;
  const apiKey = variable === undefined ? undefined : apiKeys(variable);
  if (variable !== undefined && apiKey === undefined) {
    return { where: variable, message: `is not set; it holds the API key of ${name}` };
  }
  return { step, tier, definition, ...(apiKey === undefined ? {} : { apiKey }) };
}

/** Steps whose answers have an agreement: a label, a mood, values. */
const sampled: readonly StepName[] = ['classify', 'extract', 'sentiment'];

function signalsOf(options: ModelsOptions, { step, tier, definition }: Choice): Signals {
  if (definition.driver === 'embedded') return { samples: 1 };
  const own = tier === 'small' ? options.pack.steps[step] : undefined;
  return {
    samples: sampled.includes(step) ? (own?.samples ?? definition.samples ?? 1) : 1,
    ...(own?.secondOpinion ? { secondOpinion: embeddedOf(options, 'small') } : {}),
  };
}

/** Whether a step is served by a model that runs in the process, or asks it for a second opinion of an endpoint's answer. */
export const needsEmbedded = ({ pack, overrides }: Pick<ModelsOptions, 'pack' | 'overrides'>): boolean =>
  steps.some((step) => pack.steps[step].secondOpinion) ||
  tiers.some(
    (tier) =>
      overrides?.[tier] === undefined &&
      steps.some((step) =>
        pack.models.some(({ name, driver }) => name === pack.steps[step][tier] && driver === 'embedded'),
      ),
  );

function embeddedOf({ embedded }: ModelsOptions, tier: ModelTier): LanguageModel {
  if (embedded === undefined) throw new Error('a step needs an embedded model, and none is there');
  return embedded[tier];
}

/** The pack may name its embedded models as it likes. */
const renamed = (model: LanguageModel, name: string): LanguageModel =>
  model.name === name
    ? model
    : { name, embedded: model.embedded, complete: (prompt, signal) => model.complete(prompt, signal) };

function driverOf(drivers: Map<string, OpenAiModel>, { definition, apiKey }: Choice): OpenAiModel {
  const known = drivers.get(definition.name);
  if (known !== undefined) return known;
  const driver = openAiCompatible({
    name: definition.name,
    baseUrl: definition.baseUrl ?? '',
    model: definition.model,
    connections: definition.concurrency,
    ...(apiKey === undefined ? {} : { apiKey }),
  });
  drivers.set(definition.name, driver);
  return driver;
}

/** Whether a cap holds calls of the model: its own cap, or one of all models. */
const isCapped = ({ policy }: Pack, name: string | undefined): boolean =>
  policy.budgets?.caps.some(({ model }) => model === undefined || model === name) ?? false;

function budgetOf({ pack, budget: store, now = Date.now }: ModelsOptions, { definition }: Choice): Layer[] {
  const { name } = definition;
  const priced = pricedAs(pack, name);
  if (store === undefined || priced === undefined || !isCapped(pack, priced.name)) return [];
  return [
    budget({
      budget: store,
      model: priced.name,
      bound: (prompt, startedMs) => costBound(priced, prompt, startedMs),
      cost: (usage, startedMs) => callCost(pack, { name, embedded: false }, usage, startedMs),
      now,
    }),
  ];
}

/** What everyone shares who calls the same model at the same place. */
interface Endpoint {
  readonly turns: Layer;
  readonly breaker: Layer;
}

function endpointOf(endpoints: Map<string, Endpoint>, { definition }: Choice): Endpoint {
  const place = `${definition.baseUrl} ${definition.model}`;
  const known = endpoints.get(place);
  if (known !== undefined) return known;
  const limit = definition.concurrency;
  const shared = { turns: concurrency({ limit, queue: limit * QUEUE_PER_CALL }), breaker: breaker() };
  endpoints.set(place, shared);
  return shared;
}

/** The budget stands around the breaker, which would take a call that was not made for one that went well. */
const layersOf = (endpoint: Endpoint, held: Layer, budgets: readonly Layer[]): readonly Layer[] => [
  endpoint.turns,
  held,
  ...budgets,
  endpoint.breaker,
];

function meterOf({ pack, now = Date.now }: ModelsOptions, { step, tier, definition }: Choice): Layer {
  const { name, driver, model, baseUrl } = definition;
  const embedded = driver === 'embedded';
  return meter({
    service: tier === 'big' ? 'polisher' : services[step],
    tier,
    model,
    provider: embedded ? 'spillway' : 'openai',
    ...(baseUrl === undefined ? {} : placeOf(new URL(baseUrl))),
    cost: (usage, startedMs) => callCost(pack, { name, embedded }, usage, startedMs),
    now,
  });
}

/** Where the endpoint is; a URL leaves out the port that goes with its scheme. */
const placeOf = ({ hostname, port, protocol }: URL): { readonly host: string; readonly port: number } => ({
  host: hostname,
  port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
});
