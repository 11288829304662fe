import { ratesByScore } from '@spillway/confidence/shadow-rate';
import type { Budgets } from '@spillway/policy/budgets';
import type { Certificate, ExpectedTraffic, Shadow } from '@spillway/policy/certificate';
import type { EscalationLimit } from '@spillway/policy/escalation-limit';
import type { Policy, TaskName, TaskPolicy } from '@spillway/policy/policy';
import { tasks } from './files.js';
import type { EvalTerms, ModelDefinition, Pack, Price, PromptTemplate, StepModels } from './pack.js';
import type { PackParts } from './parts.js';

type Values = {
  readonly [K in 'brand' | 'intents' | 'fields' | 'macros' | 'models' | 'policy']: NonNullable<
    PackParts[K]['value']
  >;
};

/** The pack as the program knows it. Undefined when a file of it has problems. */
export function assemble(parts: PackParts, directory: string, hash: string): Pack | undefined {
  const { brand, intents, fields, macros, models, policy } = parts;
  const prompts = promptsOf(parts);
  const fits = fitsOf(parts);
  if (
    !brand.value ||
    !intents.value ||
    !fields.value ||
    !macros.value ||
    !models.value ||
    !policy.value ||
    !prompts ||
    !fits ||
    (parts.judge !== undefined && parts.judge.value === undefined)
  ) {
    return undefined;
  }
  return {
    directory,
    hash,
    name: brand.value.name,
    brand: brandOf(brand.value),
    intents: intents.value.intents,
    fields: fields.value.fields,
    macros: macros.value.macros,
    prompts,
    ...(parts.judge?.value === undefined ? {} : { judge: parts.judge.value }),
    models: models.value.models.map(modelOf),
    steps: stepsOf(models.value),
    reference: models.value.reference,
    policy: policyOf(policy.value),
    evalTerms: evalTermsOf(policy.value),
    fits,
  };
}

function promptsOf({ prompts }: PackParts): Pack['prompts'] | undefined {
  const values: [TaskName, PromptTemplate][] = [];
  for (const task of tasks) {
    const { value } = prompts[task];
    if (value === undefined) return undefined;
    values.push([task, value]);
  }
  return Object.fromEntries(values) as Pack['prompts'];
}

function fitsOf({ fits }: PackParts): Pack['fits'] | undefined {
  const values = Object.entries(fits).map(([task, { value }]) => [task, value] as const);
  return values.some(([, value]) => value === undefined) ? undefined : Object.fromEntries(values);
}

function stepsOf({ steps }: Values['models']): Pack['steps'] {
  const { classify, extract, sentiment, draft, polish } = steps;
  return {
    classify: labelled(classify),
    extract: sampled(extract),
    sentiment: labelled(sentiment),
    draft,
    polish,
  };
}

const sampled = ({ small, big, samples }: Values['models']['steps']['extract']): StepModels => ({
  small,
  big,
  ...(samples !== undefined && { samples }),
});

const labelled = (step: Values['models']['steps']['classify']): StepModels => ({
  ...sampled(step),
  ...(step.second_opinion !== undefined && { secondOpinion: step.second_opinion }),
});

function brandOf(file: Values['brand']): Pack['brand'] {
  const { company, voice, salutations, wordings, currency, country } = file;
  return { company, voice, salutations, wordings, currency, country, timeZone: file.time_zone };
}

function modelOf(file: Values['models']['models'][number]): ModelDefinition {
  return {
    name: file.name,
    driver: file.driver,
    tier: file.tier,
    model: file.model,
    timeoutMs: file.timeout_ms,
    maxAttempts: file.max_attempts,
    concurrency: file.concurrency,
    prices: file.prices.map(priceOf),
    ...(file.samples !== undefined && { samples: file.samples }),
    ...(file.base_url !== undefined && { baseUrl: file.base_url }),
    ...(file.api_key_variable !== undefined && { apiKeyVariable: file.api_key_variable }),
    ...(file.price_source !== undefined && { priceSource: file.price_source }),
  };
}

function priceOf(file: Values['models']['models'][number]['prices'][number]): Price {
  const { input_per_million: input, cached_input_per_million: cached } = file;
  const { output_per_million: output, reasoning_per_million: reasoning } = file;
  return {
    from: file.from,
    ...(input !== undefined && { inputPerMillion: input }),
    ...(cached !== undefined && { cachedInputPerMillion: cached }),
    ...(output !== undefined && { outputPerMillion: output }),
    ...(reasoning !== undefined && { reasoningPerMillion: reasoning }),
  };
}

function policyOf(file: Values['policy']): Policy {
  return {
    version: file.version,
    reviewedOn: file.reviewed_on,
    ...(file.reviewed_by !== undefined && { reviewedBy: file.reviewed_by }),
    tasks: {
      classify: taskPolicyOf(file.tasks.classify),
      extract: taskPolicyOf(file.tasks.extract),
      sentiment: taskPolicyOf(file.tasks.sentiment),
      draft: taskPolicyOf(file.tasks.draft),
      polish: taskPolicyOf(file.tasks.polish),
    },
    customerFacing: { channels: file.customer_facing.channels },
    depth: {
      minCharacters: file.depth.min_characters,
      minQuestions: file.depth.min_questions,
      minAttachments: file.depth.min_attachments,
    },
    alwaysPerson: file.always_person,
    deadlines: { smallMs: file.deadlines.small_ms, bigMs: file.deadlines.big_ms },
    ...(file.budgets !== undefined && { budgets: budgetsOf(file.budgets) }),
    ...(file.escalation_limit !== undefined && { escalationLimit: escalationLimitOf(file.escalation_limit) }),
  };
}

/** What is usual in comparisons of this kind, where the pack says nothing. */
const USUAL_MARGIN_POINTS = 2;

function evalTermsOf({ eval: given }: Values['policy']): Pack['evalTerms'] {
  const terms = tasks.map((task): [TaskName, EvalTerms] => {
    const { margin_points: own, floor } = given?.steps[task] ?? {};
    const points = own ?? given?.margin_points ?? USUAL_MARGIN_POINTS;
    return [task, { margin: points / 100, ...(floor !== undefined && { floor }) }];
  });
  return Object.fromEntries(terms) as Pack['evalTerms'];
}

function taskPolicyOf(file: Values['policy']['tasks'][TaskName]): TaskPolicy {
  const { certificate, shadow } = file;
  return {
    threshold: file.threshold,
    holdBelow: file.hold_below,
    fallback: file.fallback,
    ...(certificate !== undefined && { certificate: certificateOf(certificate) }),
    ...(shadow !== undefined && { shadow: shadowOf(shadow, file) }),
  };
}

function shadowOf(
  { rate, spread, by, on_alarm: onAlarm }: NonNullable<Values['policy']['tasks'][TaskName]['shadow']>,
  { threshold, certificate }: Values['policy']['tasks'][TaskName],
): Shadow {
  const scores = certificate?.expected?.scores;
  return spread === 'even' || scores === undefined
    ? { rate, by, onAlarm }
    : { rate, rates: ratesByScore(scores, threshold, rate), by, onAlarm };
}

type CertificateFile = NonNullable<Values['policy']['tasks'][TaskName]['certificate']>;

function certificateOf(file: CertificateFile): Certificate {
  const { target, delta, mode, rows, accepted, errors, data, fingerprint, expected, period } = file;
  return {
    target,
    ...(delta !== undefined && { delta }),
    mode,
    labelSource: file.label_source,
    rows,
    accepted,
    errors,
    data,
    fingerprint,
    certifiedOn: file.certified_on,
    ...(expected !== undefined && { expected: expectedOf(expected) }),
    ...(period !== undefined && { period }),
  };
}

const expectedOf = (file: NonNullable<CertificateFile['expected']>): ExpectedTraffic => ({
  rows: file.rows,
  belowThreshold: file.below_threshold,
  ...(file.out_of_scope !== undefined && { outOfScope: file.out_of_scope }),
  ...(file.outside_labels !== undefined && { outsideLabels: file.outside_labels }),
  ...(file.off_schema !== undefined && { offSchema: file.off_schema }),
  scores: file.scores,
});

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

function budgetsOf({ caps, at_cap: atCap }: NonNullable<Values['policy']['budgets']>): Budgets {
  return {
    caps: caps.map(({ per, dollars, model }) => ({
      per,
      nanos: dollars,
      ...(model !== undefined && { model }),
    })),
    atCap: capRuleOf(atCap),
  };
}

function capRuleOf(rule: NonNullable<Values['policy']['budgets']>['at_cap']): Budgets['atCap'] {
  switch (rule.rule) {
    case 'hold':
      return rule;
    case 'keep_small':
      return { rule: rule.rule, floor: rule.floor, customerFacing: rule.customer_facing };
    case 'queue':
      return { rule: rule.rule, longestWaitMs: rule.longest_hours * HOUR_MS };
  }
}

const escalationLimitOf = (limit: NonNullable<Values['policy']['escalation_limit']>): EscalationLimit => ({
  share: limit.share,
  windowMs: limit.window_minutes * MINUTE_MS,
  minMessages: limit.min_messages,
});
