import { Fault } from '@spillway/contracts/fault';
import { threadedModels } from '@spillway/models/embedded-thread';
import type { StepName } from '@spillway/models/language-model';
import { type Models, type ModelsOptions, needsEmbedded, openModels } from '@spillway/models/registry';
import { type StepRunner, stepRunner } from '@spillway/models/runner';
import type { Pack } from '@spillway/pack/pack';
import type { Budget } from '@spillway/store/budget';
import type { KeyedState } from '@spillway/store/keyed-state';
import { recordedCalls } from '@spillway/store/recorded-calls';
import { createLogger } from '@spillway/telemetry/logger';
import { counter } from '@spillway/telemetry/metrics';
import { CALLS_PAID_TWICE } from '@spillway/telemetry/names';
import type { CliConfig, Endpoint } from './cli.config.js';
import { trainedFor } from './trained-models.js';

/** How the services of a process call their models. */
export interface Calling {
  readonly runner: StepRunner;
  /** Whether a model call may take its time or never answer. */
  readonly remote: boolean;
  /** Sends no model call any more and waits for those under way. */
  finish(timeoutMs: number): Promise<void>;
  /** Resolves once a call waits because none is sent any more. */
  readonly unsent: Promise<void>;
}

export interface CallingParts {
  readonly pack: Pack;
  readonly state: KeyedState;
  /** Absent where the policy has no caps. */
  readonly budget: Budget | undefined;
  readonly say: (line: string) => void;
}

/**
 * Opens the models that the pack and the configuration name. Those of the pack's examples only where a step is served by
 * one of them: they have a thread and a heap of their own. What is to be closed is added to `closers`.
 */
export async function openCalling(
  config: CliConfig,
  { pack, state, budget, say }: CallingParts,
  closers: (() => Promise<void>)[],
): Promise<Calling> {
  const overrides = overridesOf(config, pack);
  const embedded = needsEmbedded({ pack, overrides })
    ? threadedModels(pack, await trainedFor(pack, config.data, say))
    : undefined;
  if (embedded !== undefined) closers.push(() => embedded.close());
  const models = modelsOf(config, pack, { embedded, budget });
  closers.push(() => models.close());
  const paidTwice = counter(CALLS_PAID_TWICE, []);
  const calls = recordedCalls(state, { onPaidTwice: () => paidTwice.inc() });
  const runner = stepRunner({ pack, models, calls, now: Date.now, onSilence: warnOfSilence() });
  const { remote, unsent } = models;
  return { runner, remote, unsent, finish: (timeoutMs) => models.finish(timeoutMs) };
}

/** The first answers of an endpoint are its probe: a warning once for each step, and not one call more. */
function warnOfSilence(): (step: StepName, model: string, why: string) => void {
  const log = createLogger('models');
  const told = new Set<string>();
  return (step, model, why) => {
    const key = `${step} ${model}`;
    if (told.has(key)) return;
    told.add(key);
    log.warn(
      { step, model, why },
      'no confidence: the big model redoes every answer; `spillway doctor` says more',
    );
  };
}

/** The models of the pack, with what the environment puts in the place of its endpoints. */
export function modelsOf(
  config: CliConfig,
  pack: Pack,
  {
    embedded,
    budget,
  }: { readonly embedded: ModelsOptions['embedded']; readonly budget?: Budget | undefined },
): Models {
  return openModels({
    pack,
    ...(embedded === undefined ? {} : { embedded }),
    ...(budget === undefined ? {} : { budget }),
    overrides: overridesOf(config, pack),
    apiKeys: config.secret,
  });
}

/** The endpoints that the environment puts in the place of the pack's. */
export const overridesOf = ({ endpoints }: CliConfig, pack: Pack) => ({
  ...overrideOf(pack, 'small', endpoints.small),
  ...overrideOf(pack, 'big', endpoints.big),
});

function overrideOf(pack: Pack, tier: 'small' | 'big', endpoint: Endpoint | undefined) {
  if (endpoint === undefined) return {};
  const reference = pack.models.find(({ name }) => name === pack.reference[tier]);
  const baseUrl = endpoint.baseUrl ?? reference?.baseUrl;
  if (baseUrl === undefined) {
    const where = `${tier.toUpperCase()}_BASE_URL`;
    throw new Fault('misconfigured', 'an endpoint has no address', {
      problems: [{ where, message: `is needed: the pack has no address for its ${tier} reference model` }],
    });
  }
  return { [tier]: { baseUrl, apiKey: endpoint.apiKey, model: endpoint.model ?? reference?.model ?? '' } };
}
