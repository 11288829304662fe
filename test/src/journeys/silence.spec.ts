import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
let big: ModelServer;
let server: Server;

beforeAll(async () => {
  pack = mkdtempSync(join(tmpdir(), 'spillway-pack-'));
  cpSync(example, pack, { recursive: true });
  const policy = readFileSync(join(pack, 'policy.yaml'), 'utf8');
  writeFileSync(
    join(pack, 'policy.yaml'),
    policy.replace(/small_ms: \d+/, 'small_ms: 600').replace(/big_ms: \d+/, 'big_ms: 900'),
  );
  [small, big] = [await startModelServer(), await startModelServer()];
  server = await startServer({
    SPILLWAY_PACK: pack,
    SMALL_BASE_URL: small.baseUrl,
    SMALL_MODEL: 'small-test',
    BIG_BASE_URL: big.baseUrl,
    BIG_MODEL: 'big-test',
  });
}, 60_000);
afterAll(async () => {
  await server.remove();
  await small.close();
  await big.close();
  rmSync(pack, { recursive: true });
});

const send = () => post(server.url, { text: 'Where is my order FF-204518?', channel: 'form' });

it('a small model that never answers is passed over for the big one', async () => {
  small.always(({ step }) => (step === 'extract' ? { kind: 'silent' } : undefined));
  const message = await until(server.url, await send());
  expect(message.status).toBe('settled');
  expect(message.decisions).toContainEqual(
    expect.objectContaining({ step: 'extract', tier: 'small', verdict: 'escalate' }),
  );
});

it('when nobody answers a person decides', async () => {
  small.always(() => ({ kind: 'silent' }));
  big.always(() => ({ kind: 'silent' }));
  const message = await until(server.url, await send());
  expect(message.status).toBe('in_review');
});
