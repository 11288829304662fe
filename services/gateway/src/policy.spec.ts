import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bus, BusRecord } from '@spillway/bus/bus';
import { openEmbeddedBus } from '@spillway/bus/embedded';
import { UNWATCHED, watch } from '@spillway/confidence/signals';
import { decode } from '@spillway/contracts/event';
import { AuditKind, AuditRecordedSchema, LabelSource } from '@spillway/contracts/events';
import { type HttpServer, serveHttp } from '@spillway/http/serve';
import { openEmbeddedKeyedState } from '@spillway/store/embedded-keyed-state';
import { openEmbeddedLedger } from '@spillway/store/embedded-ledger';
import type { KeyedState } from '@spillway/store/keyed-state';
import type { Ledger } from '@spillway/store/ledger';
import {
  driftWatchKey,
  emptyWatch,
  freezeKey,
  type RaisedAlarm,
  shareWatchKey,
  writeNote,
} from '@spillway/store/task-watch';
import {
  alarm,
  audit,
  auditRequest,
  decision,
  detail,
  received,
  step,
} from '@spillway/store/testing/ledger-history';
import { configureLogs } from '@spillway/telemetry/logger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GatewayModule } from './gateway.module.js';
import { gatewayOperations } from './gateway.operations.js';
import { policySchema } from './policy-view.js';
import { certificate, pack } from './testing/shop.js';

configureLogs({ level: 'silent' });

let folder: string;
let bus: Bus;
let state: KeyedState;
let ledger: Ledger;
let server: HttpServer;
let published: BusRecord[];

beforeEach(async () => {
  published = [];
  folder = await mkdtemp(join(tmpdir(), 'policy-'));
  bus = openEmbeddedBus({ path: join(folder, 'bus.db') });
  state = openEmbeddedKeyedState({ path: join(folder, 'state.db') });
  ledger = openEmbeddedLedger({ path: join(folder, 'ledger.db') });
  await bus.tail(['audit.recorded'], (record) => published.push(record));
  server = await serveHttp({
    modules: [GatewayModule.with({ bus, state, ledger, pack })],
    operations: gatewayOperations,
    host: '127.0.0.1',
    port: 0,
    apiKeys: [],
    readiness: async () => [],
    service: 'gateway',
    version: '0.1.0',
  });
});
afterEach(async () => {
  await server.close();
  await bus.close();
  await state.close();
  await ledger.close();
  await rm(folder, { recursive: true });
});

describe('the policy', () => {
  const read = async (query = '') => {
    const response = await fetch(`${server.url}/v1/policy${query}`);
    return policySchema.strict().parse(await response.json());
  };
  const task = async (query?: string) => (await read(query)).tasks[0];

  it('is shown with its certificate, and with nothing where there is nothing', async () => {
    const shown = await read();
    expect(shown).toMatchObject({ version: pack.policy.version, reviewed_on: '2026-11-24', alarms: [] });
    expect(shown.tasks.map((each) => each.step)).toEqual([
      'classify',
      'extract',
      'sentiment',
      'draft',
      'polish',
    ]);
    expect(shown.tasks[0]).toEqual({
      step: 'classify',
      threshold: 0.7,
      hold_below: 0.5,
      certificate: {
        claim:
          'A procedure that errs at most 5 % of the time says: at most 5 % of the kept small answers differ from the ' +
          'big model’s answers, for traffic like that of 2026-10-01 to 2026-10-31.',
        target: 0.05,
        delta: 0.05,
        mode: 'selective',
        label_source: 'agreement',
        rows: 1_000,
        accepted: 800,
        errors: 20,
        data: certificate.data,
        fingerprint: 'little|a',
        expected: {
          rows: 1_010,
          below_threshold: 202,
          out_of_scope: 12,
          outside_labels: null,
          off_schema: null,
        },
        period: certificate.period,
        certified_on: '2026-11-24',
      },
      fallback: 'escalate',
      frozen: null,
      shadow: { rate: 0.02, rates: null, by: 'model', on_alarm: 'escalate', caveat: null },
      labels_wanted: 0,
      drift: null,
      shares: [
        {
          signal: 'below_threshold',
          off: null,
          expected: 0.2,
          allowed: 0.24,
          statistic: 0,
          alarm_at: 72_000,
          answers: 0,
          events: 0,
        },
        {
          signal: 'out_of_scope',
          off: null,
          expected: 12 / 1_010,
          allowed: expect.closeTo(0.0229, 3),
          statistic: 0,
          alarm_at: 72_000,
          answers: 0,
          events: 0,
        },
      ],
      alarm: null,
      messages: 0,
      kept_small: 0,
      kept_share: null,
      audited: [],
      escalated: { labels: 0, disagreements: 0 },
      picked: { labels: 0, errors: 0 },
    });
  });

  it('shows what was audited, apart by whose word it was, with an interval, and what people picked beside it', async () => {
    const at = Date.now() - 1_000;
    const many = Array.from({ length: 50 }, (_, n) =>
      audit(`m${n}`, 'classify', { wrong: n < 2, auditedAtMs: at + n }),
    );
    await ledger.apply([
      ...many,
      audit('x1', 'classify', { wrong: null, missing: 'over_budget', auditedAtMs: at }),
      audit('p1', 'classify', { source: 'truth', rate: 0.02, wrong: true, auditedAtMs: at }),
      audit('p2', 'classify', { source: 'truth', rate: 0.5, wrong: false, auditedAtMs: at }),
      audit('m1', 'classify', { audit: 'person', source: 'truth', rate: 0.02, wrong: true, auditedAtMs: at }),
      audit('m2', 'classify', { audit: 'person', source: 'truth', rate: 0, wrong: false, auditedAtMs: at }),
      audit('m3', 'classify', { audit: 'person', source: 'truth', rate: 0, wrong: true, auditedAtMs: at }),
      audit('m4', 'classify', { audit: 'escalated', rate: 1, wrong: true, auditedAtMs: at }),
      audit('old', 'classify', { wrong: true, auditedAtMs: at - 40 * 86_400_000 }),
    ]);
    const shown = await task();
    expect(shown?.audited).toMatchObject([
      { label_source: 'truth', labels: 2, errors: 1, missing: 0, method: 'korn_graubard' },
      {
        label_source: 'agreement',
        labels: 50,
        errors: 2,
        missing: 1,
        error_rate: 0.04,
        method: 'clopper_pearson',
        policy_versions: ['2026-11'],
        fingerprints: ['small-8b|-'],
      },
    ]);
    // R: binom.test(2, 50)$conf.int
    expect(shown?.audited[1]?.lower).toBeCloseTo(0.004881433, 8);
    expect(shown?.audited[1]?.upper).toBeCloseTo(0.137137626, 8);
    expect(shown).toMatchObject({
      escalated: { labels: 1, disagreements: 1 },
      picked: { labels: 3, errors: 2 },
    });
  });

  it('counts what people are asked to label, and have not yet', async () => {
    const requestedAtMs = Date.now() - 1_000;
    const asked = ['m1', 'm2', 'm3'].map((id) => auditRequest(id, 'classify', { requestedAtMs }));
    await ledger.apply([...asked, audit('m1', 'classify', { source: 'truth', auditedAtMs: requestedAtMs })]);
    expect(await task()).toMatchObject({ labels_wanted: 2, audited: [{ label_source: 'truth', labels: 1 }] });
  });

  it('shows what was kept of the messages of the span', async () => {
    await ledger.apply([
      received('m1', { receivedAtMs: Date.now() }),
      step('m1', 'classify'),
      decision('m1', 'classify'),
      received('m2', { receivedAtMs: Date.now() }),
      step('m2', 'classify'),
      decision('m2', 'classify', 'small', { verdict: 'escalate' }),
    ]);
    expect(await task()).toMatchObject({ messages: 2, kept_small: 1, kept_share: 0.5 });
    expect(await task('?from=2020-01-01&to=2020-02-01')).toMatchObject({ messages: 0, kept_share: null });
  });

  it('shows what stands against the certificate', async () => {
    const raised: RaisedAlarm = {
      signal: 'out_of_scope',
      response: 'escalate',
      raisedAtMs: 5_000,
      sinceMs: 3_000,
      labels: 400,
      errors: 31,
      allowed: 0.02,
      statistic: 75_000,
      level: 72_000,
      messageId: 'm',
    };
    await state.write([
      {
        kind: 'put',
        key: driftWatchKey('classify', pack.policy.version),
        value: writeNote({ ...emptyWatch, alarms: [raised] }),
      },
      {
        kind: 'put',
        key: shareWatchKey('classify', pack.policy.version),
        value: writeNote({ below_threshold: watch(UNWATCHED, { happened: true, atMs: 1_000 }, 0.24) }),
      },
      {
        kind: 'put',
        key: freezeKey('classify', pack.policy.version),
        value: writeNote({ fingerprint: 'little|b', firstMs: 1_000, lastMs: 2_000 }),
      },
    ]);
    await ledger.apply([
      alarm('m', 'classify', { raisedAtMs: Date.now() }),
      alarm('p', 'extract', { labelSource: 'truth', raisedAtMs: Date.now() - 1 }),
      alarm('b', 'extract', { labelSource: 'agreement', raisedAtMs: Date.now() - 2 }),
    ]);
    expect(await task()).toMatchObject({
      frozen: { fingerprint: 'little|b', first_seen: '1970-01-01T00:00:01.000Z' },
      alarm: {
        signal: 'out_of_scope',
        reason: expect.stringContaining(
          '31 of 400 answers (7.75 %) were called out of scope since 1970-01-01',
        ),
        response: 'escalate',
        raised_at: '1970-01-01T00:00:05.000Z',
        since: '1970-01-01T00:00:03.000Z',
        labels: 400,
        errors: 31,
      },
      shares: [{ answers: 1, events: 1, statistic: 2 }, { answers: 0 }],
      drift: { statistic: 0, alarm_at: 72_000, label_source: 'agreement', labels: 0, errors: 0, evidence: 1 },
    });
    expect((await task())?.alarm?.label_source).toBeNull();
    expect((await read()).alarms).toMatchObject([
      { step: 'classify', signal: 'wrong', label_source: null, labels: 400, allowed: 0.05 },
      {
        step: 'extract',
        label_source: 'truth',
        reason: expect.stringContaining('were wrong by people’s labels'),
      },
      {
        step: 'extract',
        label_source: 'agreement',
        reason: expect.stringContaining('differed from the big model’s answers'),
      },
    ]);
  });

  it('warns when it was not reviewed for more than a month', async () => {
    await server.close();
    const old = { ...pack, policy: { ...pack.policy, reviewedOn: '2026-01-01' } };
    server = await serveHttp({
      modules: [GatewayModule.with({ bus, state, ledger, pack: old })],
      operations: gatewayOperations,
      host: '127.0.0.1',
      port: 0,
      apiKeys: [],
      readiness: async () => [],
      service: 'gateway',
      version: '0.1.0',
    });
    expect((await read()).warning).toContain('on 2026-01-01: review its thresholds');
  });
});

describe('a person’s label', () => {
  const label = (body: object, id = 'm1') =>
    fetch(`${server.url}/v1/messages/${id}/labels`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
  beforeEach(async () => {
    await ledger.apply([
      received('m1'),
      step('m1', 'classify', 'small', { detail: detail('classify', { fingerprint: 'little|a' }) }),
      ...(['extract', 'sentiment', 'draft'] as const).map((name) => step('m1', name)),
      decision('m1', 'classify'),
      step('m1', 'classify', 'big'),
      audit('m1', 'classify'),
    ]);
  });

  it.each<[string, object, boolean, string | undefined]>([
    ['the label', { step: 'classify', value: 'order_status' }, false, 'classification'],
    ['another label', { step: 'classify', value: 'refund' }, true, 'classification'],
    ['the fields', { step: 'extract', value: { order_number: [' a-1'] } }, false, 'extraction'],
    ['no field', { step: 'extract', value: {} }, true, 'extraction'],
    ['the mood', { step: 'sentiment', value: 'negative' }, false, 'sentiment'],
    ['another mood', { step: 'sentiment', value: 'neutral' }, true, 'sentiment'],
    ['a draft that could go out', { step: 'draft', value: 'right' }, false, undefined],
    ['a draft that could not', { step: 'draft', value: 'wrong' }, true, undefined],
  ])('says %s', async (_, body, wrong, kind) => {
    const response = await label(body);
    expect([response.status, await response.json()]).toEqual([
      202,
      { message_id: 'm1', ...named(body), wrong },
    ]);
    const event = decode(AuditRecordedSchema, published[0]?.value ?? new Uint8Array());
    expect(event).toMatchObject({
      messageId: 'm1',
      kind: AuditKind.PERSON,
      source: LabelSource.TRUTH,
      wrong,
    });
    expect(event.label.case).toBe(kind);
  });

  const named = (body: object) => ({ step: (body as { step: string }).step });

  it('stands for itself alone where nobody asked a person, also where the message was drawn for the big model', async () => {
    await label({ step: 'classify', value: 'refund' });
    await label({ step: 'sentiment', value: 'neutral' });
    const [drawn, picked] = published.map(({ value }) => decode(AuditRecordedSchema, value));
    expect(drawn).toMatchObject({
      rate: 0,
      fingerprint: 'little|a',
      confidence: 0.93,
      threshold: 0.7,
      policyVersion: '2026-11',
    });
    expect(picked).toMatchObject({ rate: 0, policyVersion: '' });
  });

  it('answers the draw where a person was asked: it counts as drawn, under the terms of that time', async () => {
    const terms = {
      rate: 0.25,
      confidence: 0.8,
      threshold: 0.6,
      fingerprint: 'little|b',
      policyVersion: '7',
    };
    await ledger.apply([auditRequest('m1', 'sentiment', terms)]);
    expect((await label({ step: 'sentiment', value: 'neutral' })).status).toBe(202);
    expect(published.map(({ id }) => id)).toEqual(['m1/audit.recorded/sentiment:shadow']);
    expect(decode(AuditRecordedSchema, published[0]?.value ?? new Uint8Array())).toMatchObject({
      ...terms,
      kind: AuditKind.SHADOW,
      source: LabelSource.TRUTH,
      wrong: true,
      reviewer: 'local',
    });
  });

  it('answers the draw also where it had been given before, of a person’s own choice', async () => {
    await label({ step: 'sentiment', value: 'neutral' });
    await ledger.apply([
      audit('m1', 'sentiment', { audit: 'person', source: 'truth', rate: 0 }),
      auditRequest('m1', 'sentiment'),
    ]);
    expect((await label({ step: 'sentiment', value: 'positive' })).status).toBe(409);
    expect((await label({ step: 'sentiment', value: 'neutral' })).status).toBe(202);
    expect(published.map(({ id }) => id.split('/').at(-1))).toEqual(['sentiment:person', 'sentiment:shadow']);
  });

  it.each(['shadow', 'person'] as const)('is published no more once it is on record as %s', async (kind) => {
    await label({ step: 'sentiment', value: 'neutral' });
    await ledger.apply([
      auditRequest('m1', 'sentiment'),
      audit('m1', 'sentiment', { audit: 'shadow', source: kind === 'shadow' ? 'truth' : 'agreement' }),
      audit('m1', 'sentiment', { audit: 'person', source: 'truth' }),
    ]);
    expect((await label({ step: 'sentiment', value: 'neutral' })).status).toBe(202);
    expect(published).toHaveLength(1);
    await state.write([{ kind: 'delete', key: 'label:{m1}:sentiment' }]);
    expect((await label({ step: 'sentiment', value: 'neutral' })).status).toBe(409);
  });

  it('is given once: the same again is the same, another is a conflict', async () => {
    const codes = [];
    for (const value of ['refund', 'refund', 'order_status']) {
      codes.push((await label({ step: 'classify', value })).status);
    }
    expect(codes).toEqual([202, 202, 409]);
    expect(new Set(published.map(({ id }) => id))).toEqual(new Set(['m1/audit.recorded/classify:person']));
  });

  it('is the same in whatever order its fields come', async () => {
    await ledger.apply([received('m2'), step('m2', 'extract')]);
    const values = ['A-1', 'A-2'];
    for (const order of [values, values.toReversed()]) {
      expect((await label({ step: 'extract', value: { order_number: order } }, 'm2')).status).toBe(202);
    }
  });

  it.each<[string, number, object, string?]>([
    ['a message that there is not', 404, { step: 'classify', value: 'refund' }, 'm9'],
    ['an intent that the pack does not know', 400, { step: 'classify', value: 'refnd' }],
    ['a field that the pack does not know', 400, { step: 'extract', value: { colour: ['red'] } }],
    ['a mood that there is not', 400, { step: 'sentiment', value: 'sad' }],
    ['a step that nobody labels', 400, { step: 'polish', value: 'right' }],
  ])('of %s is refused with %d', async (_, status, body, id) => {
    expect((await label(body, id)).status).toBe(status);
    expect(published).toEqual([]);
  });

  it('of a step that the small model did not answer is refused', async () => {
    await ledger.apply([received('m3'), step('m3', 'classify', 'big')]);
    expect((await label({ step: 'classify', value: 'refund' }, 'm3')).status).toBe(422);
  });
});
