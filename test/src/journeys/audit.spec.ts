import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ModelServer, startModelServer } from '@spillway/models/testing/model-server';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { call, type Message, post, read, until } from '../api.js';
import { type Server, startServer } from '../server.js';

const example = fileURLToPath(new URL('../../../deploy/packs/support', import.meta.url));
const patience = { timeout: 20_000, interval: 50 };

let pack: string;
let small: ModelServer;
let big: ModelServer;
let server: Server;

/** The example's policy, where `classify` is certified for answers of one fingerprint, and every kept one is audited. */
function certifyFor(fingerprint: string, version: string): void {
  const classify = `
    threshold: 0.7
    hold_below: 0.5
    certificate:
      { target: 0.05, delta: 0.05, label_source: agreement, rows: 1000, accepted: 800, errors: 20,
        data: sha256:0123456789abcdef, fingerprint: ${JSON.stringify(fingerprint)}, certified_on: 2026-11-24 }
    shadow: { rate: 1, on_alarm: escalate }`;
  const policy = readFileSync(join(example, 'policy.yaml'), 'utf8');
  writeFileSync(
    join(pack, 'policy.yaml'),
    policy
      .replace(/^version: .*$/m, `version: ${version}`)
      .replace(/(^ {2}classify:) \{.*\}$/m, `$1${classify}`),
  );
}

beforeAll(async () => {
  pack = mkdtempSync(join(tmpdir(), 'spillway-pack-'));
  cpSync(example, pack, { recursive: true });
  certifyFor('another model', 'audit.1');
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

interface Policy {
  readonly version: string;
  readonly tasks: readonly {
    readonly step: string;
    readonly frozen: { readonly fingerprint: string } | null;
    readonly alarm: { readonly response: string } | null;
    readonly audited: readonly { readonly labels: number; readonly errors: number; readonly upper: number }[];
    readonly escalated: { readonly labels: number };
  }[];
  readonly alarms: readonly { readonly step: string }[];
}

const policy = async () => (await call<Policy>(`${server.url}/v1/policy`)).body;
const classify = async () => (await policy()).tasks.find(({ step }) => step === 'classify');
const metrics = async () => (await fetch(`${server.url}/metrics`)).text();

const tell = async (): Promise<Message> =>
  until(
    server.url,
    await post(server.url, { text: 'What is the order status of FF-204518?', channel: 'form' }),
  );

const verdictOf = (message: Message) =>
  message.decisions.find(({ step, tier }) => step === 'classify' && tier === 'small');

describe('a certificate', () => {
  let fingerprint: string;

  it('is frozen for answers of another fingerprint: the fallback applies, and everybody is told', async () => {
    expect(verdictOf(await tell())).toMatchObject({
      verdict: 'escalate',
      reasons: [expect.stringMatching(/^the certificate is for another model and frozen for .*small-test/)],
    });
    fingerprint = await vi.waitFor(async () => {
      const frozen = (await classify())?.frozen;
      expect(frozen?.fingerprint).toContain('small-test');
      return frozen?.fingerprint ?? '';
    }, patience);
    expect(await metrics()).toContain('spillway_certificate_frozen{step="classify"} 1');
    expect(server.log().match(/a certificate is frozen/g)).toHaveLength(1);
    await vi.waitFor(async () => expect((await classify())?.escalated.labels).toBe(1), patience);
  }, 30_000);

  it('holds for the model that it is for, and each kept answer is audited off the message’s path', async () => {
    expect(await server.stop()).toBe(0);
    certifyFor(fingerprint, 'audit.2');
    await server.restart();
    const message = await tell();
    expect(verdictOf(message)).toMatchObject({ verdict: 'accept' });
    expect(message.steps['classify']).toMatchObject({ tier: 'small' });
    await vi.waitFor(async () => {
      expect((await classify())?.audited).toMatchObject([
        { label_source: 'agreement', labels: 1, errors: 0 },
      ]);
    }, patience);
    expect(await classify()).toMatchObject({ frozen: null, alarm: null });
    const audited = await read(server.url, message.id);
    expect(audited).toMatchObject({
      status: 'settled',
      audits: [{ step: 'classify', kind: 'shadow', wrong: false }],
    });
    expect(audited.steps['classify']).toMatchObject({ tier: 'small', earlier: [{ tier: 'audit' }] });
  }, 30_000);

  it('is watched: when the small model drifts the alarm rings, and everything is escalated', async () => {
    small.always(({ step }) =>
      step === 'classify' ? { kind: 'misreads', text: 'What about my refund status?' } : undefined,
    );
    await Promise.all(Array.from({ length: 14 }, tell));
    await vi.waitFor(async () => {
      expect((await classify())?.alarm).toMatchObject({
        response: 'escalate',
        raised_at: expect.any(String),
      });
    }, patience);
    const escalated = await vi.waitFor(async () => {
      const message = await tell();
      expect(verdictOf(message)?.verdict).toBe('escalate');
      return message;
    }, patience);
    expect(verdictOf(escalated)?.reasons[0]).toMatch(
      /^drift alarm: \d+ of \d+ audited answers \([\d.]+ %\) differed from the big model’s answers since .* UTC, at most 5 %/,
    );
    expect(escalated.steps['classify']).toMatchObject({ tier: 'big' });
    expect((await policy()).alarms).toMatchObject([{ step: 'classify', policy_version: 'audit.2' }]);
    expect(await metrics()).toMatch(
      /spillway_shadow_errors_total\{step="classify",source="agreement"\} \d\d/,
    );
  }, 60_000);

  it('is thawed by a newer policy, and the alarm is over', async () => {
    small.always(() => undefined);
    expect(await server.stop()).toBe(0);
    certifyFor(fingerprint, 'audit.3');
    await server.restart();
    expect(verdictOf(await tell())).toMatchObject({ verdict: 'accept', policy_version: 'audit.3' });
    expect(await classify()).toMatchObject({ alarm: null });
    expect((await policy()).alarms).toHaveLength(1);
  }, 30_000);
});

describe('a person’s label', () => {
  it('that nobody asked for is told of apart from what was audited', async () => {
    const { id } = await tell();
    await vi.waitFor(
      async () => expect(await read(server.url, id)).toMatchObject({ audits: [{ step: 'classify' }] }),
      patience,
    );
    const { status, body } = await call(`${server.url}/v1/messages/${id}/labels`, {
      step: 'classify',
      value: 'refund_status',
    });
    expect([status, body]).toEqual([202, expect.objectContaining({ wrong: true })]);
    await vi.waitFor(async () => {
      expect(await classify()).toMatchObject({
        audited: [{ label_source: 'agreement' }],
        picked: { labels: 1, errors: 1 },
      });
    }, patience);
    expect(await read(server.url, id)).toMatchObject({ steps: { classify: { tier: 'human' } } });
  }, 30_000);
});
