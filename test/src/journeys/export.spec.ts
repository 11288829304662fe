import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openEmbeddedLedger } from '@spillway/store/embedded-ledger';
import type { StepValue } from '@spillway/store/ledger';
import { decided, detail, received, requested, settled, step } from '@spillway/store/testing/ledger-history';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Finished, spillway } from '../server.js';

const support = fileURLToPath(new URL('../../../deploy/packs/support', import.meta.url));
const START = Date.UTC(2026, 8, 5);

let folder: string;
let pack: string;
let here: Record<string, string>;

const labelled = (label: string): StepValue => ({
  kind: 'classification',
  label,
  queue: 'orders',
  alternatives: [],
});
const classified = (id: string, tier: 'small' | 'big' | 'human', label: string) =>
  step(id, 'classify', tier, { detail: detail('classify', { value: labelled(label) }) });

/** Sixty messages that the big model classified, three that a person labelled, one of the eval set, one held reply. */
const history = () => [
  ...Array.from({ length: 60 }, (_, at) => [
    received(`big${at}`, {
      receivedAtMs: START + at,
      text: `Where is my parcel number ${'x'.repeat(at)}? FF-204518, jo@shop.test`,
    }),
    classified(`big${at}`, 'small', 'complaint'),
    classified(`big${at}`, 'big', 'order_status'),
  ]).flat(),
  ...['I want to cancel it', 'My password is gone', 'Do you sell tents?'].flatMap((text, at) => [
    received(`person${at}`, { receivedAtMs: START + 100 + at, text: `${text}, mail jo@shop.test` }),
    classified(`person${at}`, 'small', 'complaint'),
    classified(
      `person${at}`,
      'human',
      ['change_or_cancel_order', 'account_access', 'product_question'][at] ?? '',
    ),
  ]),
  received('eval', { receivedAtMs: START + 200, text: 'inloggen lukt niet meer, sinds vandaag!' }),
  classified('eval', 'big', 'account_access'),
  received('held', {
    receivedAtMs: START + 300,
    text: 'Where is FF-204518, the order that I placed?',
    customer: 'Ada Byron',
  }),
  classified('held', 'small', 'order_status'),
  step('held', 'extract', 'small', {
    detail: detail('extract', { value: { kind: 'extraction', fields: [] } }),
  }),
  step('held', 'sentiment'),
  step('held', 'draft', 'small', {
    detail: detail('draft', { value: { kind: 'draft', text: 'Soon.', macroId: null, missingFields: [] } }),
  }),
  requested('held'),
  decided('held', { decision: 'edit' }),
  settled('held', {
    reply: 'Hi Ada,\n\nFF-204518 left us today.\n\nWarm wishes,\nthe Fjord & Fern team',
    replyBy: 'human',
  }),
];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-export-'));
  pack = join(folder, 'pack');
  cpSync(support, pack, { recursive: true });
  here = { SPILLWAY_PACK: pack, SPILLWAY_DATA: join(folder, 'data') };
  const ledger = openEmbeddedLedger({ path: join(folder, 'data', 'ledger.db') });
  await ledger.apply(history());
  await ledger.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...args: readonly string[]) => spillway(['export', ...args], here);
const linesOf = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

interface Figures {
  readonly rows: Readonly<Record<'train' | 'validation' | 'test', number>>;
  readonly [other: string]: unknown;
}

describe('spillway export', () => {
  it('writes what a small model can learn from, in parts, with a model card, for its owner alone', async () => {
    const out = join(folder, 'tuning');
    const { code, stdout } = await run('--step', 'classify', '--format', 'openai', '--out', out, '--json');
    expect(code).toBe(0);
    const figures = JSON.parse(stdout) as Figures;
    expect(figures).toMatchObject({
      step: 'classify',
      by_source: { escalated: 60, labelled: 3 },
      masked: { EMAIL: 63, ORDER_NUMBER: 60 },
      left_out: [{ reason: 'in_eval_set', rows: 1, first_messages: ['eval'] }],
    });
    expect(readdirSync(out).sort()).toEqual([
      'classify.model-card.md',
      'classify.test.jsonl',
      'classify.train.jsonl',
      'classify.validation.jsonl',
    ]);
    for (const part of ['train', 'validation', 'test'] as const) {
      const path = join(out, `classify.${part}.jsonl`);
      expect(linesOf(readFileSync(path, 'utf8'))).toHaveLength(figures.rows[part]);
      expect(statSync(path).mode & 0o077).toBe(0);
      expect(readFileSync(path, 'utf8')).not.toMatch(/jo@shop|204518,|inloggen/);
    }
    expect(figures.rows.train + figures.rows.validation + figures.rows.test).toBe(63);
    expect(readFileSync(join(out, 'classify.model-card.md'), 'utf8')).toContain('| order_status |');
  }, 60_000);

  it('writes a person’s reply without the big model’s, plain, to standard output', async () => {
    const parts: Finished[] = [];
    for (const part of ['train', 'validation', 'test']) {
      parts.push(await run('--step', 'draft', '--format', 'jsonl', '--source', 'corrected', '--part', part));
    }
    expect(parts.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(parts.flatMap(({ stdout }) => linesOf(stdout))).toMatchObject([
      {
        id: 'held',
        text: 'Where is [ORDER_NUMBER_1], the order that I placed?',
        reply: '[ORDER_NUMBER_1] left us today.',
        source: 'edited',
      },
    ]);
    expect(parts[0]?.stderr).toContain('draft: 1 row of 2026-09-05');
  }, 60_000);

  it.each([
    ['an option that does not fit', ['--step', 'classify', '--format', 'csv'], '--format'],
    [
      'a day after which nothing came',
      ['--step', 'classify', '--since', '2199-01-01'],
      'the ledger holds no',
    ],
    ['an eval set of replies', ['--step', 'polish', '--to-eval'], 'replies have no eval set'],
  ])('refuses %s', async (_, args, words) => {
    expect(await run(...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(words) });
  });
});

it('proposes people’s labels for the eval set, once, and exports none of them afterwards', async () => {
  const set = join(pack, 'eval', 'classify.corrected.jsonl');
  const proposed = await run('--step', 'classify', '--to-eval');
  expect(proposed.code).toBe(0);
  expect(proposed.stdout).toContain(
    '+{"id":"person0","text":"I want to cancel it, mail [EMAIL_1]","label":"change_or_cancel_order"}',
  );
  expect(() => readFileSync(set)).toThrow();
  const [proposal = ''] = readdirSync(join(folder, 'data', 'proposals'));
  const path = join(folder, 'data', 'proposals', proposal);
  expect(proposed.stderr).toContain(`spillway tune --apply ${path}`);
  expect(await spillway(['tune', '--apply', path], here)).toMatchObject({ code: 0 });
  expect(linesOf(readFileSync(set, 'utf8'))).toHaveLength(3);

  expect(await run('--step', 'classify', '--to-eval')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('in_eval_set'),
  });
  const { stdout } = await run('--step', 'classify', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ by_source: { escalated: 60 } });
}, 60_000);
