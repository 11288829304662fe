import { Fault } from '@spillway/contracts/fault';
import { callCost } from '@spillway/models/cost';
import { embeddedModels } from '@spillway/models/embedded';
import type { LanguageModel, StepName } from '@spillway/models/language-model';
import { type EndpointProbe, probeEndpoint } from '@spillway/models/probe';
import { type Models, needsEmbedded } from '@spillway/models/registry';
import { promptFor } from '@spillway/models/steps';
import { trainPack } from '@spillway/models/train';
import type { Pack } from '@spillway/pack/pack';
import type { Budget } from '@spillway/store/budget';
import { dollars } from './bill.js';
import { modelsOf, overridesOf } from './calling.js';
import type { CliConfig } from './cli.config.js';
import type { Finding } from './finding.js';
import { openBudget } from './stores.js';

const PROBE_TIMEOUT_MS = 30_000;
const STEPS: readonly StepName[] = ['classify', 'extract', 'sentiment', 'draft', 'polish'];

/** A model with the steps that it serves. */
interface Used {
  readonly model: LanguageModel;
  readonly step: StepName;
  /** Steps whose confidence is the endpoint's own log-probabilities. */
  readonly relying: StepName[];
}

/** One real call to every model that a step uses, under the caps of the policy; what it cost is told. */
export async function endpoints(
  config: CliConfig,
  pack: Pack,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const guard = await guardOf(config, pack);
  if ('check' in guard) return [guard];
  try {
    return await probedModels(config, pack, guard, signal);
  } finally {
    await guard.budget?.close();
  }
}

/** What holds the probes to the caps. */
interface Guard {
  readonly budget?: Budget;
  /** Why a probe is not counted, where there are caps. */
  readonly outside?: string;
}

/** The budget, as the policy has caps; without it nothing is called, but beside a server that keeps it to itself. */
async function guardOf(config: CliConfig, pack: Pack): Promise<Guard | Finding> {
  const caps = pack.policy.budgets?.caps;
  if (caps === undefined) return {};
  try {
    return { budget: await openBudget(config, caps) };
  } catch (error) {
    const { code, message } = Fault.from(error);
    if (code === 'unavailable' && config.redisUrl === undefined) {
      return { outside: 'not counted by the caps, whose budget the running server holds' };
    }
    const fix = 'the caps of the policy are kept there: no endpoint is probed without them';
    return { check: 'budget', ok: false, found: `${code}: ${message}`, fix };
  }
}

async function probedModels(
  config: CliConfig,
  pack: Pack,
  guard: Guard,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  let models: Models;
  try {
    const embedded = needsEmbedded({ pack, overrides: overridesOf(config, pack) })
      ? embeddedModels(pack, trainPack(pack))
      : undefined;
    models = modelsOf(config, pack, { embedded, budget: guard.budget });
  } catch (error) {
    return Fault.from(error).problems.map(({ where, message }) => ({
      check: 'endpoint',
      ok: false,
      found: `${where}: ${message}`,
      fix: /^[A-Z][A-Z0-9_]*$/.test(where) ? `set ${where}` : 'mend the models or budgets of the pack',
    }));
  }
  try {
    return await Promise.all(usedIn(models).map((used) => looked(used, { pack, guard, signal })));
  } finally {
    await models.close();
  }
}

function usedIn(models: Models): readonly Used[] {
  const used = new Map<string, Used>();
  for (const tier of ['small', 'big'] as const) {
    for (const step of STEPS) {
      const model = models.for(step, tier);
      const known = used.get(model.name) ?? { model, step, relying: [] };
      used.set(model.name, known);
      // What the big model says is kept with or without a confidence.
      if (tier === 'small' && models.signals(step, tier).samples === 1) known.relying.push(step);
    }
  }
  return [...used.values()];
}

interface Looking {
  readonly pack: Pack;
  readonly guard: Guard;
  readonly signal: AbortSignal;
}

async function looked(used: Used, { pack, guard, signal }: Looking): Promise<Finding> {
  const { model, step, relying } = used;
  const check = `model ${model.name}`;
  const within = AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]);
  const callId = `doctor/${crypto.randomUUID()}`;
  const started = performance.now();
  const ms = (): string => `${(performance.now() - started).toFixed(0)} ms`;
  try {
    if (model.embedded) {
      const input = { text: 'Where is my order?', subject: '', locale: 'en', receivedAtMs: Date.now() };
      await model.complete(promptFor(step, input, pack, callId), within);
      const found = `embedded, not a language model, in ${ms()}, with its own calibrated confidence`;
      return { check, ok: true, found };
    }
    const startedMs = Date.now();
    const probe = await probeEndpoint(model, callId, within);
    const nanos = probe.usage && callCost(pack, model, probe.usage, startedMs);
    const cost = nanos === undefined ? 'at an unknown cost' : `for ${dollars(Number(nanos))}`;
    const took = [ms(), cost, ...(guard.outside === undefined ? [] : [guard.outside])].join(', ');
    return { check, ...probed(probe, relying, took) };
  } catch (error) {
    const { code, message } = Fault.from(error);
    return { check, ok: false, found: `${code}: ${message}`, fix: fixFor(code) };
  }
}

const signals: Readonly<Record<EndpointProbe['logprobs'], string>> = {
  none: 'no log-probabilities',
  'past one': 'probabilities that add up to more than one, which are none',
  'other text': 'tokens that are not those of its answer',
  before: 'log-probabilities from before the schema narrows the choice',
  after: 'log-probabilities from after the schema narrowed the choice',
  unknown: 'log-probabilities',
};
const usable: ReadonlySet<EndpointProbe['logprobs']> = new Set(['before', 'after', 'unknown']);

const schemas: Readonly<Record<EndpointProbe['schema'], string>> = {
  held: 'answers held to a schema',
  ignored: 'a schema that it takes and ignores',
  refused: 'no schema: the prompt describes it',
};

/** What one probe call showed. Exported for its table of cases. */
export function probed(
  probe: EndpointProbe,
  relying: readonly StepName[],
  took: string,
): Omit<Finding, 'check'> {
  const list = probe.topTokens === 0 ? '' : ` (lists of ${probe.topTokens})`;
  const found = [
    `answered in ${took}, with ${signals[probe.logprobs]}${list}`,
    schemas[probe.schema],
    ...(probe.logprobs !== 'none' && !probe.bytes ? ['tokens without bytes'] : []),
    ...(probe.usage !== undefined ? [] : ['no token counts: what it costs stays unknown']),
  ].join('; ');
  if (usable.has(probe.logprobs) || relying.length === 0) return { ok: true, found };
  return {
    ok: false,
    found: `${found}; the big model redoes every answer to ${relying.join(', ')}`,
    fix: fixForSilence(relying),
  };
}

function fixForSilence(relying: readonly StepName[]): string {
  const sampled = relying.filter((step) => step !== 'draft' && step !== 'polish');
  const other = 'use an endpoint that gives log-probabilities';
  if (sampled.length === 0) return other;
  return `set \`samples: 5\` in models.yaml for ${sampled.join(', ')}, or ${other}`;
}

function fixFor(code: Fault['code']): string {
  switch (code) {
    case 'misconfigured':
      return 'check address, model name and key (SMALL_*, BIG_* or the pack’s models.yaml)';
    case 'throttled':
      return 'the endpoint asks for fewer calls: lower `concurrency` in models.yaml or raise its limit';
    case 'over_budget':
      return 'raise the cap in policy.yaml, or wait until it begins anew: until then no call is made';
    case 'timed_out':
      return 'raise `timeout_ms` in models.yaml, or give the endpoint more room';
    default:
      return 'check that the endpoint runs and speaks the OpenAI chat API';
  }
}
