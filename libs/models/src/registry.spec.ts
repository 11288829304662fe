import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { Fault } from '@spillway/contracts/fault';
import type { Pack } from '@spillway/pack/pack';
import { recordTo } from '@spillway/telemetry/span-recording';
import { startTracing } from '@spillway/telemetry/tracing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CallBudget } from './layers/budget.js';
import { type Models, type ModelsOptions, needsEmbedded, openModels } from './registry.js';
import { promptFor } from './steps.js';
import { type ModelServer, startModelServer } from './testing/model-server.js';
import { scripted } from './testing/scripted.js';
import { smallPack } from './testing/small-pack.js';

const alive = new AbortController().signal;
const embedded = {
  small: scripted([{ text: 'small' }], { name: 'embedded-small', embedded: true }),
  big: scripted([{ text: 'big' }], { name: 'embedded-big', embedded: true }),
};

let server: ModelServer;
let models: Models | undefined;
beforeEach(async () => {
  server = await startModelServer();
});
afterEach(async () => {
  await models?.close();
  models = undefined;
  await server.close();
});

function packAt(baseUrl: string, changes: Record<string, unknown> = {}) {
  const pack = smallPack();
  return {
    ...pack,
    models: pack.models.map((each) => (each.driver === 'openai' ? { ...each, baseUrl, ...changes } : each)),
  };
}

function open(options: Partial<ModelsOptions>): Models {
  models = openModels({ pack: packAt(server.baseUrl), embedded, apiKeys: () => undefined, ...options });
  return models;
}

const prompt = promptFor(
  'classify',
  { text: 'please cancel it', subject: '', locale: 'en', receivedAtMs: 0 },
  smallPack(),
  'm1/classify/small/answer',
);

describe('openModels', () => {
  it('gives each step and tier the model that the pack names', async () => {
    const opened = open({});
    const little = opened.for('classify', 'small');
    const house = opened.for('polish', 'big');
    expect([little.name, little.embedded, house.name, house.embedded]).toEqual([
      'little',
      false,
      'house',
      true,
    ]);
    expect((await little.complete(prompt, alive)).text).toBe('{"label":"C"}');
    expect((await house.complete(prompt, alive)).text).toBe('big');
  });

  it('lets an override take a whole tier, under the name of its model', async () => {
    const opened = open({
      overrides: { big: { baseUrl: server.baseUrl, apiKey: 'sk-override', model: 'huge-1t' } },
    });
    const huge = opened.for('draft', 'big');
    await huge.complete(prompt, alive);
    expect([huge.name, huge.embedded]).toEqual(['huge-1t', false]);
    expect(server.calls[0]).toMatchObject({
      authorization: 'Bearer sk-override',
      body: { model: 'huge-1t' },
    });
  });

  it('reads keys by the names in the pack, and sends none where there is none', async () => {
    const pack = packAt(server.baseUrl, { apiKeyVariable: 'LITTLE_KEY' });
    await open({ pack, apiKeys: (name) => (name === 'LITTLE_KEY' ? 'sk-little' : undefined) })
      .for('classify', 'small')
      .complete(prompt, alive);
    await open({}).for('classify', 'small').complete(prompt, alive);
    expect(server.calls.map((call) => call.authorization)).toEqual(['Bearer sk-little', undefined]);
  });

  it('names everything that is missing at once', () => {
    const pack = packAt(server.baseUrl, { apiKeyVariable: 'LITTLE_KEY' });
    const steps = { ...pack.steps, draft: { small: 'nobody', big: 'house' } };
    const opening = (): Models => open({ pack: { ...pack, steps } });
    expect(opening).toThrow(Fault);
    expect(opening).toThrow(
      expect.objectContaining({
        code: 'misconfigured',
        problems: [
          { where: 'LITTLE_KEY', message: 'is not set; it holds the API key of little' },
          { where: 'nobody', message: 'the pack lists no model of this name (draft)' },
        ],
      }),
    );
  });

  it('tries again within the attempts of the pack', async () => {
    server.next({ kind: 'status', status: 503, headers: { 'retry-after-ms': '1' } });
    const completion = await open({}).for('classify', 'small').complete(prompt, alive);
    expect(completion.attempts).toBe(2);
  });

  it('ends an attempt after the time in the pack', async () => {
    server.always(() => ({ kind: 'silent' }));
    const opened = open({ pack: packAt(server.baseUrl, { timeoutMs: 20, maxAttempts: 1 }) });
    await expect(opened.for('classify', 'small').complete(prompt, alive)).rejects.toMatchObject({
      code: 'timed_out',
    });
  });

  it('shares turns and breaker among the steps that one endpoint serves', async () => {
    server.always(() => ({ kind: 'status', status: 500 }));
    const opened = open({ pack: packAt(server.baseUrl, { maxAttempts: 1 }) });
    for (let nth = 0; nth < 5; nth += 1) {
      await expect(opened.for('classify', 'small').complete(prompt, alive)).rejects.toMatchObject({
        code: 'unavailable',
      });
    }
    const called = server.calls.length;
    await expect(opened.for('sentiment', 'small').complete(prompt, alive)).rejects.toMatchObject({
      code: 'unavailable',
      retryAfterMs: expect.any(Number),
    });
    expect(server.calls).toHaveLength(called);
  });

  it.each([
    ['http://127.0.0.1:9/v1', 9],
    ['http://127.0.0.1/v1', 80],
    ['https://127.0.0.1/v1', 443],
  ])('says on the span of a call where the endpoint is: %s', async (baseUrl, port) => {
    const exporter = new InMemorySpanExporter();
    const stop = startTracing(recordTo(new SimpleSpanProcessor({ exporter })));
    const little = open({ pack: packAt(baseUrl, { maxAttempts: 1 }) }).for('classify', 'small');
    await little.complete(prompt, alive).catch(() => undefined);
    expect(exporter.getFinishedSpans().map(({ attributes }) => attributes)).toMatchObject([
      { 'server.address': '127.0.0.1', 'server.port': port },
    ]);
    await stop();
  });

  it('never runs more calls at once than the pack allows', async () => {
    let most = 0;
    server.always(() => {
      most = Math.max(most, server.inFlight());
      return { kind: 'slow', ms: 5 };
    });
    const opened = open({ pack: packAt(server.baseUrl, { concurrency: 2 }) });
    const steps = ['classify', 'extract', 'sentiment', 'draft'] as const;
    await Promise.all(
      Array.from({ length: 12 }, (_, nth) =>
        opened.for(steps[nth % 4] ?? 'polish', 'small').complete(prompt, alive),
      ),
    );
    expect(most).toBe(2);
  });
});

describe('signals', () => {
  const stepsWith = (classify: object) => {
    const pack = packAt(server.baseUrl, { samples: 3 });
    const { steps } = pack;
    return { ...pack, steps: { ...steps, classify: { ...steps.classify, ...classify } } };
  };

  it.each<['classify' | 'sentiment' | 'draft', 'small' | 'big', object, number]>([
    ['classify', 'small', { samples: 5 }, 5],
    ['sentiment', 'small', { samples: 5 }, 3],
    // Two replies never agree, and an embedded model always does.
    ['draft', 'small', {}, 1],
    ['classify', 'big', { samples: 5 }, 1],
  ])('asks %s at the %s tier of %j %d times', (step, tier, classify, samples) => {
    expect(open({ pack: stepsWith(classify) }).signals(step, tier)).toEqual({ samples });
  });

  it('asks the classifier for a second opinion of what an endpoint says', () => {
    const opened = open({ pack: stepsWith({ secondOpinion: true }) });
    expect(opened.signals('classify', 'small').secondOpinion).toBe(embedded.small);
    expect(opened.signals('classify', 'big').secondOpinion).toBeUndefined();
  });
});

type Caps = NonNullable<Pack['policy']['budgets']>['caps'];

describe('under budget caps', () => {
  const budgets = (caps: Caps) => ({
    ...smallPack().policy,
    budgets: { caps, atCap: { rule: 'hold' } as const },
  });
  const told: string[] = [];
  const budget: CallBudget = {
    async reserve(callId, model, nanos) {
      told.push(model);
      if (nanos > 10n ** 9n) return { state: 'full', cap: { per: 'day', nanos: 1n } };
      return { state: 'reserved', reservation: { callId, model, nanos, atMs: 0 } };
    },
    async settle(_, costNanos) {
      told.push(`${costNanos}`);
    },
  };
  beforeEach(() => {
    told.length = 0;
  });
  const ask = (changes: Partial<ModelsOptions>, tier: 'small' | 'big' = 'small') =>
    open({ budget, ...changes })
      .for('classify', tier)
      .complete(prompt, alive);

  it.each<[string, Caps, readonly string[]]>([
    ['a cap on all models', [{ per: 'day', nanos: 1n }], ['little', expect.stringMatching(/^\d+$/)]],
    ['a cap of its own', [{ per: 'day', nanos: 1n, model: 'little' }], ['little', expect.any(String)]],
    ['a cap of another', [{ per: 'day', nanos: 1n, model: 'other' }], []],
    ['no cap', [], []],
  ])('counts an endpoint under %s', async (_, caps, want) => {
    await ask({ pack: { ...packAt(server.baseUrl), policy: budgets(caps) } });
    expect(told).toEqual(want);
  });

  it('counts no embedded model', async () => {
    await ask({ pack: { ...packAt(server.baseUrl), policy: budgets([{ per: 'day', nanos: 1n }]) } }, 'big');
    expect(told).toEqual([]);
  });

  it('counts an override under the name of the model whose price it has', async () => {
    const pack = { ...packAt(server.baseUrl), policy: budgets([{ per: 'day', nanos: 1n, model: 'little' }]) };
    await ask({ pack, overrides: { small: { baseUrl: server.baseUrl, model: 'little-8b' } } });
    expect(told[0]).toBe('little');
  });

  it('asks neither the endpoint nor its breaker for a call that the budget does not allow', async () => {
    server.always(() => ({ kind: 'status', status: 500 }));
    const dear = [{ from: '2020-01-01', inputPerMillion: 10n ** 15n, outputPerMillion: 1n }];
    const pack = packAt(server.baseUrl, { maxAttempts: 1 });
    const [little, ...others] = pack.models;
    if (little === undefined) throw new Error('no model');
    const models = [little, { ...little, name: 'dear', prices: dear }, ...others];
    const steps = { ...pack.steps, sentiment: { small: 'dear', big: 'house' } };
    const opened = open({
      budget,
      pack: { ...pack, models, steps, policy: budgets([{ per: 'day', nanos: 1n }]) },
    });
    for (let nth = 0; nth < 6; nth += 1) {
      const call = opened.for('sentiment', 'small').complete(prompt, alive);
      await expect(call).rejects.toMatchObject({ code: 'over_budget' });
    }
    expect(server.calls).toEqual([]);
    for (let nth = 0; nth < 5; nth += 1) {
      const call = opened.for('classify', 'small').complete(prompt, alive);
      await expect(call).rejects.toMatchObject({ code: 'unavailable' });
    }
    // Only the calls that were made have opened the breaker, and a call that is not made does not pass for its probe.
    expect(server.calls).toHaveLength(5);
    const call = opened.for('sentiment', 'small').complete(prompt, alive);
    await expect(call).rejects.toMatchObject({ code: 'over_budget' });
  });

  it('opens no model that falls under a cap and has no price', () => {
    const pack = { ...packAt(server.baseUrl), policy: budgets([{ per: 'day', nanos: 1n }]) };
    const overrides = { big: { baseUrl: server.baseUrl, model: 'huge-1t' } };
    expect(() => open({ budget, pack, overrides })).toThrow(
      expect.objectContaining({
        code: 'misconfigured',
        problems: [
          {
            where: 'huge-1t',
            message: 'falls under a budget cap of the policy, and the pack has no price for it',
          },
        ],
      }),
    );
  });
});

describe('needsEmbedded', () => {
  const endpoint = { baseUrl: 'http://127.0.0.1:9/v1', model: 'any' };
  const only = (name: string) => {
    const pack = smallPack();
    const everywhere = { small: name, big: name };
    const steps = {
      classify: everywhere,
      extract: everywhere,
      sentiment: everywhere,
      draft: everywhere,
      polish: everywhere,
    };
    return { ...pack, steps };
  };

  it.each([
    ['a pack whose big steps are embedded', { pack: smallPack() }, true],
    ['overrides of both tiers', { pack: smallPack(), overrides: { small: endpoint, big: endpoint } }, false],
    [
      'an override of the tier that is not embedded',
      { pack: smallPack(), overrides: { small: endpoint } },
      true,
    ],
    ['a pack of endpoints', { pack: only('little') }, false],
    [
      'a pack of endpoints that asks for a second opinion',
      {
        pack: {
          ...only('little'),
          steps: {
            ...only('little').steps,
            classify: { small: 'little', big: 'little', secondOpinion: true },
          },
        },
      },
      true,
    ],
  ])('of %s', (_, options, needed) => {
    expect(needsEmbedded(options)).toBe(needed);
  });

  it('knows what openModels asks for', () => {
    const options = { pack: only('little'), apiKeys: () => undefined };
    models = openModels(options);
    expect(models.for('draft', 'big').embedded).toBe(false);
    expect(() => openModels({ ...options, pack: smallPack() })).toThrow('embedded');
  });
});
