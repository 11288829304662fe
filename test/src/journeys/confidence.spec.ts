import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ModelServer, startModelServer } from '@spillway/models/testing/model-server';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { post, until } from '../api.js';
import { type Server, startServer } from '../server.js';

const example = fileURLToPath(new URL('../../../deploy/packs/support', import.meta.url));

let pack: string;
let small: ModelServer;
let server: Server;

/** The example, where the classifier is asked beside the endpoint and moods are what three samples agree on. */
beforeAll(async () => {
  pack = mkdtempSync(join(tmpdir(), 'spillway-pack-'));
  cpSync(example, pack, { recursive: true });
  const models = readFileSync(join(example, 'models.yaml'), 'utf8');
  writeFileSync(
    join(pack, 'models.yaml'),
    models
      .replace(/^ {2}classify: \{ (.*) \}$/m, '  classify: { $1, second_opinion: true }')
      .replace(/^ {2}sentiment: \{ (.*) \}$/m, '  sentiment: { $1, samples: 3 }'),
  );
  small = await startModelServer();
  server = await startServer({
    SPILLWAY_PACK: pack,
    SMALL_BASE_URL: small.baseUrl,
    SMALL_MODEL: 'small-test',
  });
}, 60_000);
afterAll(async () => {
  await server.remove();
  await small.close();
  rmSync(pack, { recursive: true });
});

interface Completed {
  readonly step: string;
  readonly tier: string;
  readonly confidence: {
    readonly raw: number;
    readonly calibrated: number;
    readonly source: string;
    readonly is_calibrated: boolean;
    readonly features: Readonly<Record<string, number>>;
  };
  readonly call: { readonly fingerprint: string };
}

/** What the small endpoint says of one message, by step, as the stream of events tells it. */
async function answers(): Promise<Readonly<Record<string, Completed>>> {
  const gone = new AbortController();
  const stream = await fetch(`${server.url}/v1/stream?types=step.completed`, { signal: gone.signal });
  const id = await post(server.url, { text: 'What is the order status of FF-204518?', channel: 'form' });
  await until(server.url, id);
  const seen: Record<string, Completed> = {};
  let text = '';
  for await (const chunk of stream.body ?? []) {
    text += Buffer.from(chunk).toString();
    for (const [, data = ''] of text.matchAll(/^data: (.*)\n\n/gm)) {
      const event = JSON.parse(data) as Completed;
      if (event.tier === 'small') seen[event.step] = event;
    }
    if ('draft' in seen) break;
  }
  gone.abort();
  return seen;
}

it('shows what an answer rests on, and makes it a probability once the pack has a fit for just such answers', async () => {
  const { classify, sentiment } = await answers();
  expect(classify?.call.fingerprint).toMatch(
    /^small-test\|fp_test\|json_schema\|logprobs:20\|prompt:[0-9a-f]{8}\|second:[0-9a-f]{8}$/,
  );
  expect(classify?.confidence).toMatchObject({
    source: 'logprobs',
    is_calibrated: false,
    features: { label_mass: expect.any(Number), second_opinion: expect.any(Number) },
  });
  expect(classify?.confidence.features['second_opinion']).toBeGreaterThan(0.3);
  expect(sentiment?.confidence).toMatchObject({
    source: 'agreement',
    raw: 1,
    features: { samples: 2, votes: 2 },
  });
  expect(sentiment?.call.fingerprint).toMatch(/\|samples:3$/);

  mkdirSync(join(pack, 'confidence'));
  const calibrator = { kind: 'isotonic', scores: [0, 1], probabilities: [0.1, 0.75] };
  const fit = { calibrator, fittedOn: '2026-11-24', rows: 400, labelSource: 'truth' };
  const write = (step: string, fingerprint: string | undefined): void =>
    writeFileSync(join(pack, 'confidence', `${step}.json`), JSON.stringify({ step, fingerprint, ...fit }));
  write('classify', classify?.call.fingerprint);
  write('sentiment', 'of another model');
  await server.stop();
  await server.restart();

  const fitted = await answers();
  const raw = classify?.confidence.raw ?? Number.NaN;
  expect(fitted['classify']?.confidence).toMatchObject({
    raw,
    calibrated: expect.closeTo(0.1 + 0.65 * raw, 9),
    is_calibrated: true,
  });
  expect(fitted['sentiment']?.confidence).toMatchObject({ calibrated: 1, is_calibrated: false });
}, 60_000);
