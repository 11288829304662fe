import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { Fault } from '@spillway/contracts/fault';
import { registry } from '@spillway/telemetry/metrics';
import { recordTo } from '@spillway/telemetry/span-recording';
import { startTracing } from '@spillway/telemetry/tracing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Layer, type Prompt, stack } from '../language-model.js';
import { scripted } from '../testing/scripted.js';
import { meter } from './meter.js';
import { retry } from './retry.js';

const prompt = { step: 'classify', maxOutputTokens: 64, schema: {} } as Prompt;
const alive = new AbortController().signal;
const usage = {
  inputTokens: 80n,
  cachedInputTokens: 20n,
  outputTokens: 7n,
  reasoningTokens: 3n,
  estimated: false,
};

const measured = (cost: bigint | undefined): Layer =>
  meter({
    service: 'classifier',
    tier: 'small',
    model: 'little-8b',
    provider: 'openai',
    host: 'models.test',
    port: 8443,
    cost: () => cost,
    now: () => 0,
  });

beforeEach(() => {
  registry.resetMetrics();
});

async function metric(name: string): Promise<Record<string, number>> {
  const { values } = (await registry.getSingleMetric(name)?.get()) ?? { values: [] };
  return Object.fromEntries(values.map(({ labels, value }) => [Object.values(labels).join(' '), value]));
}

it('counts calls, tokens by class and money', async () => {
  const model = measured(1_500n)(scripted([{ usage }, new Fault('throttled', 'later')]));
  await model.complete(prompt, alive);
  await expect(model.complete(prompt, alive)).rejects.toMatchObject({ code: 'throttled' });
  expect(await metric('spillway_model_calls_total')).toEqual({
    'scripted classify stop': 1,
    'scripted classify throttled': 1,
  });
  expect(await metric('spillway_model_tokens_total')).toEqual({
    'scripted input': 80,
    'scripted cached': 20,
    'scripted output': 7,
    'scripted reasoning': 3,
  });
  expect(await metric('spillway_model_cost_nanos_total')).toEqual({ scripted: 1_500 });
  expect(await metric('spillway_model_unpriced_total')).toEqual({});
});

it('counts a call of unknown price as that, and not as free', async () => {
  await measured(undefined)(scripted([{ usage }])).complete(prompt, alive);
  expect(await metric('spillway_model_unpriced_total')).toEqual({ scripted: 1 });
  expect(await metric('spillway_model_cost_nanos_total')).toEqual({});
});

it('leaves estimated tokens out', async () => {
  await measured(0n)(scripted([{ usage: { ...usage, estimated: true } }])).complete(prompt, alive);
  expect(await metric('spillway_model_tokens_total')).toEqual({});
});

describe('spans', () => {
  let exporter: InMemorySpanExporter;
  let stop: () => Promise<void>;
  beforeEach(() => {
    exporter = new InMemorySpanExporter();
    stop = startTracing(recordTo(new SimpleSpanProcessor({ exporter })));
  });
  afterEach(() => stop());

  it('makes a client span of the whole call, with the conventions of GenAI', async () => {
    const layers = [measured(1_500n), retry({ attempts: 2, sleep: async () => {} })];
    await stack(scripted([new Fault('throttled', 'later'), { usage }]), layers).complete(prompt, alive);
    const [span] = exporter.getFinishedSpans();
    expect(span?.name).toBe('chat little-8b');
    expect(span?.attributes).toEqual({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'little-8b',
      'gen_ai.request.max_tokens': 64,
      'gen_ai.output.type': 'json',
      'gen_ai.usage.input_tokens': 100,
      'gen_ai.usage.cache_read.input_tokens': 20,
      'gen_ai.usage.output_tokens': 10,
      'gen_ai.usage.reasoning.output_tokens': 3,
      'gen_ai.response.finish_reasons': ['stop'],
      'server.address': 'models.test',
      'server.port': 8443,
      'spillway.step': 'classify',
      'spillway.tier': 'small',
      'spillway.attempts': 2,
      'spillway.cost_nanos': 1_500,
    });
    expect(span?.resource.attributes['service.name']).toBe('spillway-classifier');
  });

  it('marks tokens that nobody used', async () => {
    await measured(0n)(scripted([{ usage: { ...usage, estimated: true } }])).complete(prompt, alive);
    expect(exporter.getFinishedSpans()[0]?.attributes['spillway.usage.estimated']).toBe(true);
  });

  it('marks a span whose call failed', async () => {
    const model = measured(0n)(scripted([new Fault('rejected', 'no')]));
    await expect(model.complete(prompt, alive)).rejects.toMatchObject({ code: 'rejected' });
    expect(exporter.getFinishedSpans()[0]?.attributes['error.type']).toBe('rejected');
  });
});
