import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type ModelServer, type ServedCall, startModelServer } from '@spillway/models/testing/model-server';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Message } from '../api.js';
import { type OtlpReceiver, startOtlpReceiver } from '../otlp.js';
import {
  census,
  customerWords,
  EVERY_SERVICE,
  everythingSeen,
  inTrace,
  named,
  rootsOf,
  type Sent,
  send,
  servicesOf,
  upload,
  words,
} from '../otlp-traces.js';
import { type Server, startServer } from '../server.js';

const example = fileURLToPath(new URL('../../../deploy/packs/support', import.meta.url));

/** A folder with the example pack, where a small model may take this long. */
function packWithDeadline(smallMs: number): string {
  const pack = mkdtempSync(join(tmpdir(), 'spillway-pack-'));
  cpSync(example, pack, { recursive: true });
  const policy = readFileSync(join(pack, 'policy.yaml'), 'utf8');
  writeFileSync(join(pack, 'policy.yaml'), policy.replace(/small_ms: \d+/, `small_ms: ${smallMs}`));
  return pack;
}

describe('on endpoints', () => {
  const asks = ({ body }: ServedCall, word: string): boolean =>
    body.messages.some(({ content }) => content.includes(word));
  const SMALL = 'meta-llama/Llama-3.1-8B-Instruct';
  let pack: string;
  let small: ModelServer;
  let big: ModelServer;
  let receiver: OtlpReceiver;
  let server: Server;
  let priced: Sent;
  let late: Sent;
  let echoed: Sent;
  let behind: readonly Sent[];

  beforeAll(async () => {
    pack = packWithDeadline(700);
    [small, big, receiver] = [await startModelServer(), await startModelServer(), await startOtlpReceiver()];
    server = await startServer({
      SPILLWAY_PACK: pack,
      SMALL_BASE_URL: small.baseUrl,
      BIG_BASE_URL: big.baseUrl,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
      SPILLWAY_LOG_LEVEL: 'debug',
    });
    const message = { ...words, channel: 'form' };
    priced = await send(server, { ...words, channel: 'email' });
    small.always(({ step }) => (step === 'extract' ? { kind: 'silent' } : undefined));
    late = await send(server, message);
    small.always((made) =>
      made.step === 'draft' && asks(made, 'First') ? { kind: 'slow', ms: 400 } : undefined,
    );
    const waiting = { ...words, channel: 'form', conversation_id: 'both' };
    const first = send(server, { ...waiting, text: `First: ${words.text}` });
    await vi.waitFor(() => expect(small.calls.some((made) => asks(made, 'First'))).toBe(true));
    behind = await Promise.all([first, send(server, waiting)]);
    const quoting = { kind: 'says', text: JSON.stringify({ [words.text]: words.subject }) } as const;
    small.always(({ step }) => (step === 'classify' ? quoting : undefined));
    big.always(({ step }) => (step === 'classify' ? { kind: 'says', text: words.text } : undefined));
    echoed = await send(server, message);
    await server.stop();
  }, 60_000);
  afterAll(async () => {
    await server.remove();
    await Promise.all([small.close(), big.close(), receiver.close()]);
    rmSync(pack, { recursive: true });
  });

  it('calls carry model, tokens and money, and the money adds up to the bill', () => {
    const calls = inTrace(receiver, priced.traceId).filter(({ kind }) => kind === 'client');
    expect(calls.map(({ name }) => name).sort()).toEqual(['chat gpt-4o', ...Array(4).fill(`chat ${SMALL}`)]);
    for (const { attributes } of calls) {
      expect(attributes).toMatchObject({
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': expect.stringMatching(/^(gpt-4o|meta-llama.*)$/),
        'gen_ai.usage.input_tokens': expect.any(Number),
        'gen_ai.usage.output_tokens': expect.any(Number),
        'server.address': '127.0.0.1',
        'spillway.cost_nanos': expect.any(Number),
      });
      expect(attributes).not.toHaveProperty('spillway.usage.estimated');
    }
    const sum = calls.reduce((total, { attributes }) => total + Number(attributes['spillway.cost_nanos']), 0);
    expect(sum).toBeGreaterThan(0);
    expect(sum).toBe(priced.message.cost_nanos);
  });

  it('a step that is late goes to the big model in the same trace', () => {
    const spans = inTrace(receiver, late.traceId);
    expect(late.message.status).toBe('settled');
    expect(rootsOf(spans).map(({ name }) => name)).toEqual(['POST /v1/messages']);
    expect(servicesOf(spans)).toEqual(EVERY_SERVICE);
    const [decision] = named(spans, 'decide extract');
    expect(decision?.attributes).toMatchObject({ 'spillway.tier': 'small', 'spillway.verdict': 'escalate' });
    const failed = spans.filter((span) => span.failed);
    expect(failed.map(({ service, name }) => [service, name])).toContainEqual([
      'spillway-extractor',
      `chat ${SMALL}`,
    ]);
  });

  it('a reply that waited for the message before it leaves in its own trace', () => {
    for (const { traceId, message } of behind) {
      const spans = inTrace(receiver, traceId);
      expect(new Set(spans.map(({ attributes }) => attributes['spillway.message.id']))).toEqual(
        new Set([undefined, message.id]),
      );
      expect(named(spans, 'process message.settled')).toHaveLength(1);
    }
  });

  it('what a model quotes of the customer is in no span and no log line either', () => {
    expect(echoed.message.status).toBe('in_review');
    expect(named(inTrace(receiver, echoed.traceId), 'decide classify')).toHaveLength(2);
    const seen = everythingSeen(receiver, server);
    expect(customerWords.filter((word) => word.test(seen))).toEqual([]);
  });
});

it('a deadline that passes belongs to the trace of the message', async () => {
  const pack = packWithDeadline(600);
  onTestFinished(() => rmSync(pack, { recursive: true }));
  const receiver = await startOtlpReceiver();
  onTestFinished(() => receiver.close());
  const allButExtractor = EVERY_SERVICE.map((service) => service.replace('spillway-', '')).filter(
    (service) => service !== 'extractor',
  );
  const environment = { SPILLWAY_PACK: pack, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint };
  const server = await startServer(environment, allButExtractor);
  onTestFinished(() => server.remove());
  const { traceId, message } = await send(server, { ...words, channel: 'form' });
  await server.stop();
  const spans = inTrace(receiver, traceId);
  expect(message.steps['extract']?.tier).toBe('big');
  expect(rootsOf(spans).map(({ name }) => name)).toEqual(['POST /v1/messages']);
  // On a busy machine other steps may be late too.
  expect(Object.keys(census(spans))).toEqual(
    expect.arrayContaining([
      'router: process deadline.passed (consumer)',
      'router: create polish.requested (producer)',
      'polisher: process polish.requested (consumer)',
    ]),
  );
}, 30_000);

describe('while nobody takes the spans', () => {
  const troubles = ['there is no endpoint', 'the endpoint never answers'] as const;
  type Trouble = (typeof troubles)[number];
  interface Outcome {
    readonly ready: number;
    readonly message: Message;
    readonly code: number;
    readonly log: string;
  }
  let outcomes: Readonly<Record<Trouble, Outcome>>;

  /** More spans than may wait, and one message after them. */
  async function outcomeOf(trouble: Trouble): Promise<Outcome> {
    const receiver = await startOtlpReceiver();
    receiver.fallSilent();
    const server = await startServer({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint });
    if (trouble === 'there is no endpoint') await receiver.close();
    try {
      const message = { ...words, channel: 'email' };
      await upload(server, Array(500).fill(message));
      const { message: after } = await send(server, message);
      while ((await lostSpans(server)) === 0) await delay(25);
      const { status } = await fetch(`${server.url}/readyz`);
      return { ready: status, message: after, code: await server.stop(), log: server.log() };
    } finally {
      await server.remove();
      if (trouble !== 'there is no endpoint') await receiver.close();
    }
  }

  async function lostSpans({ url }: Server): Promise<number> {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    return Number(/^spillway_spans_lost_total (\d+)$/m.exec(metrics)?.[1]);
  }

  beforeAll(async () => {
    const [none, silent] = await Promise.all(troubles.map(outcomeOf));
    outcomes = {
      'there is no endpoint': none as Outcome,
      'the endpoint never answers': silent as Outcome,
    };
  }, 60_000);

  it.each(troubles)(
    '%s: messages are answered, the loss is counted and noted, and the server stops',
    (trouble) => {
      const { ready, message, code, log } = outcomes[trouble];
      expect([ready, message.status, code]).toEqual([200, 'settled', 0]);
      expect(log.match(/spans are lost/g)).toHaveLength(1);
    },
  );
});
