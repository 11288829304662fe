import { Fault, type Problem } from '@spillway/contracts/fault';
import { embeddedModels } from '@spillway/models/embedded';
import type { StepName } from '@spillway/models/language-model';
import { type Models, type ModelsOptions, needsEmbedded, openModels } from '@spillway/models/registry';
import type { ModelDefinition, Pack, StepModels } from '@spillway/pack/pack';
import { modelsOf, overridesOf } from './calling.js';
import type { CliConfig } from './cli.config.js';
import { openBudget } from './stores.js';
import { trainedFor } from './trained-models.js';

/** A model that answers a set, in its layers. */
export interface Contestant {
  /** As the pack lists it, or as its endpoint knows it where the environment names one. */
  readonly name: string;
  readonly tier: 'small' | 'big';
  readonly embedded: boolean;
  readonly models: Models;
  /** The pack that has this model in the place of its tier for every step. */
  readonly pack: Pack;
  /** Everything that distinguishes the model from others of its name. */
  readonly identity: string;
  /** Calls at a time. */
  readonly concurrency: number;
}

export interface Contestants {
  /** Those of a step: the small one first, the big one last. */
  of(step: StepName): readonly Contestant[];
  /** A model of the pack for something else than a step, such as a judge. Throws `rejected` for a name that the pack lacks. */
  named(name: string): Contestant;
  close(): Promise<void>;
}

/** What an override gets where the pack has no endpoint for the tier to go by; as the registry has it. */
const PLAIN_CONCURRENCY = 16;
/** Embedded models answer on this thread: calls at the same time would only measure how long they wait for each other. */
const ONE_AT_A_TIME = 1;

const concurrencyOf = ({ driver, concurrency }: ModelDefinition): number =>
  driver === 'embedded' ? ONE_AT_A_TIME : concurrency;

/**
 * Opens the models to compare: the small and the big one of each step, as the pack and the environment name them, or those of
 * `names`, in the pack's words, of which the first counts as small and the last as big. Endpoints are under the budget's caps,
 * which embedded models leave alone: it may be in use by a server.
 *
 * @throws Fault `rejected` for names that the pack does not list and for a judge that is no language model, `misconfigured` with everything that is missing
 */
export async function openContestants(
  config: CliConfig,
  pack: Pack,
  { names, judge }: { readonly names?: readonly string[]; readonly judge?: string },
  say: (line: string) => void,
): Promise<Contestants> {
  const wanted = [...(names ?? []), ...(judge === undefined ? [] : [judge])];
  refuseUnknown(wanted, pack);
  refuseEmbedded(judge, pack);
  const overrides = names === undefined ? overridesOf(config, pack) : {};
  const packs = new Map(wanted.map((name) => [name, packOf(pack, name)]));
  const all = [...(names === undefined ? [pack] : []), ...packs.values()];
  const embedded = all.some((each) => needsEmbedded({ pack: each, overrides }))
    ? embeddedModels(pack, await trainedFor(pack, config.data, say))
    : undefined;
  const asksEndpoints = Object.keys(overrides).length > 0 || all.some(hasEndpoint);
  const caps = asksEndpoints ? pack.policy.budgets?.caps : undefined;
  const budget = caps === undefined ? undefined : await openBudget(config, caps);
  const opened: Models[] = [];
  const open = (models: Models): Models => {
    opened.push(models);
    return models;
  };
  try {
    const parts = { embedded, budget };
    const usual = names === undefined ? open(modelsOf(config, pack, parts)) : undefined;
    const single = new Map(
      [...packs].map(([name, own]) => [name, alone(own, name, open(openAlone(config, own, parts)))]),
    );
    return {
      of: (step) =>
        usual === undefined
          ? (names ?? []).map((name, at) => atPlace(single.get(name), at === 0 ? 'small' : 'big'))
          : (['small', 'big'] as const).map((tier) => usualOf({ config, pack, models: usual, step, tier })),
      named: (name) => atPlace(single.get(name), 'big'),
      close: () => closeAll(opened, budget),
    };
  } catch (error) {
    await closeAll(opened, budget);
    throw error;
  }
}

const hasEndpoint = ({ steps, models }: Pack): boolean =>
  Object.values(steps).some(({ small, big }) =>
    models.some(({ name, driver }) => driver !== 'embedded' && (name === small || name === big)),
  );

async function closeAll(opened: readonly Models[], budget: { close(): Promise<void> } | undefined) {
  await Promise.all(opened.map((models) => models.close()));
  await budget?.close();
}

function refuseUnknown(wanted: readonly string[], pack: Pack): void {
  const known = pack.models.map(({ name }) => name);
  const problems: Problem[] = wanted
    .filter((name) => !known.includes(name))
    .map((name) => ({
      where: name,
      message: `models.yaml lists no model of this name: ${known.join(', ')}`,
    }));
  if (problems.length > 0) throw new Fault('rejected', 'there are no such models', { problems });
}

function refuseEmbedded(judge: string | undefined, pack: Pack): void {
  const embedded = pack.models.some(({ name, driver }) => name === judge && driver === 'embedded');
  if (judge === undefined || !embedded) return;
  throw new Fault('rejected', 'a judge must be a language model', {
    problems: [{ where: judge, message: 'runs in the process and is none: it compares no replies' }],
  });
}

/** The pack with one model in every place, so that nothing else is opened or needs a key. */
function packOf(pack: Pack, name: string): Pack {
  const only = (step: StepModels): StepModels => ({ ...step, small: name, big: name });
  const { classify, extract, sentiment, draft, polish } = pack.steps;
  return {
    ...pack,
    steps: {
      classify: only(classify),
      extract: only(extract),
      sentiment: only(sentiment),
      draft: only(draft),
      polish: only(polish),
    },
  };
}

type Parts = {
  readonly embedded: ModelsOptions['embedded'] | undefined;
  readonly budget: ModelsOptions['budget'] | undefined;
};

const openAlone = ({ secret }: CliConfig, pack: Pack, { embedded, budget }: Parts): Models =>
  openModels({
    pack,
    ...(embedded === undefined ? {} : { embedded }),
    ...(budget === undefined ? {} : { budget }),
    apiKeys: secret,
  });

const identityOf = (name: string, place: { baseUrl?: string; model?: string } | undefined): string =>
  [name, place?.baseUrl ?? '', place?.model ?? ''].join(' ');

function alone(pack: Pack, name: string, models: Models): Omit<Contestant, 'tier'> {
  const definition = pack.models.find((each) => each.name === name) as ModelDefinition;
  return {
    name,
    embedded: definition.driver === 'embedded',
    models,
    pack,
    identity: identityOf(name, definition),
    concurrency: concurrencyOf(definition),
  };
}

function atPlace(single: Omit<Contestant, 'tier'> | undefined, tier: 'small' | 'big'): Contestant {
  if (single === undefined) throw new Error('a model that was not opened');
  return { ...single, tier };
}

interface Place {
  readonly config: CliConfig;
  readonly pack: Pack;
  readonly models: Models;
  readonly step: StepName;
  readonly tier: 'small' | 'big';
}

/** The model that serves a step today. */
function usualOf({ config, pack, models, step, tier }: Place): Contestant {
  const override = overridesOf(config, pack)[tier];
  const listed = override === undefined ? pack.steps[step][tier] : pack.reference[tier];
  const definition = pack.models.find((each) => each.name === listed);
  const { name, embedded } = models.for(step, tier);
  return {
    name,
    tier,
    embedded,
    models,
    pack,
    identity: identityOf(name, override ?? definition),
    concurrency: embedded ? ONE_AT_A_TIME : (definition?.concurrency ?? PLAIN_CONCURRENCY),
  };
}
