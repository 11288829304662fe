import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@spillway/confidence/random';
import type { Certificate } from '@spillway/policy/certificate';
import type { TaskPolicy } from '@spillway/policy/policy';
import { openEmbeddedLedger } from '@spillway/store/embedded-ledger';
import type { Ledger } from '@spillway/store/ledger';
import type { LedgerChange } from '@spillway/store/ledger-change';
import { openPostgresLedger } from '@spillway/store/postgres-ledger';
import { alarm, audit, call, decision, detail, received, step } from '@spillway/store/testing/ledger-history';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Spend } from '../tune/spent-rows.js';
import { reviewMarkdown } from './markdown.js';
import { monthBefore, monthOf } from './month.js';
import { reviewPage } from './page.js';
import { reviewMonth, spendsOfReview } from './review.js';
import { answersOfMonth } from './rows.js';

const MONTH = monthOf('2026-10');
const DECIDED = Date.UTC(2026, 10, 3);
const SECRET = 'my card is lost, says Ada';

const certificate: Certificate = {
  target: 0.05,
  delta: 0.05,
  mode: 'selective',
  labelSource: 'agreement',
  rows: 1000,
  accepted: 840,
  errors: 21,
  data: 'sha256:0123456789abcdef',
  fingerprint: 'small-8b|-',
  certifiedOn: '2026-10-01',
};
const plain: TaskPolicy = { threshold: 0.7, holdBelow: 0.5, fallback: 'escalate' };
const certified: TaskPolicy = { ...plain, threshold: 0.8, certificate };
const tasks = { classify: certified, extract: certified, sentiment: plain, draft: plain, polish: plain };

/**
 * Traffic of a month: `classify` is right as often as it should be and under its threshold too, `extract` is wrong at
 * every fifth answer under 0.9 and sure of too much.
 */
function traffic(name: string, fromMs: number, count: number): readonly LedgerChange[] {
  const random = seededRandom(7);
  return Array.from({ length: count }, (_, at) => {
    const id = `${name}-${at}`;
    const time = fromMs + at * 1000;
    const score = 0.5 + random() / 2;
    const classified = { score, wrong: random() < (score < 0.6 ? 0.5 : 0.01) };
    const extracted = { score, wrong: random() < (score < 0.9 ? 0.3 : 0.002) };
    return [
      received(id, { receivedAtMs: time, text: `${SECRET}: number ${id}` }),
      ...answer(id, 'classify', time, classified),
      ...answer(id, 'extract', time, extracted),
    ];
  }).flat();
}

function answer(
  id: string,
  name: 'classify' | 'extract',
  time: number,
  { score, wrong }: { readonly score: number; readonly wrong: boolean },
): readonly LedgerChange[] {
  const kept = score >= 0.8;
  const found = { confidence: score, threshold: 0.8, wrong, auditedAtMs: time + 3 };
  const priced = call({ costNanos: 7n, baselineNanos: 100n });
  const big = call({ model: 'frontier', costNanos: 90n });
  return [
    step(id, name, 'small', {
      completedAtMs: time + 1,
      call: priced,
      detail: detail(name, { confidence: score, fingerprint: 'small-8b|-' }),
    }),
    decision(id, name, 'small', {
      verdict: kept ? 'accept' : 'escalate',
      confidence: score,
      threshold: 0.8,
      decidedAtMs: time + 2,
    }),
    step(id, name, kept ? 'audit' : 'big', { completedAtMs: time + 3, call: big }),
    kept
      ? audit(id, name, { ...found, rate: 0.5 })
      : audit(id, name, { ...found, audit: 'escalated', rate: 1 }),
  ];
}

async function review(ledger: Ledger, spent: readonly Spend[] = [], nowMs = DECIDED) {
  const earlier = monthBefore(MONTH.fromMs);
  return reviewMonth({
    month: MONTH,
    savings: await ledger.savings(MONTH),
    audits: await ledger.audits(MONTH),
    savingsBefore: await ledger.savings(earlier),
    auditsBefore: await ledger.audits(earlier),
    answers: await answersOfMonth(ledger, MONTH),
    answersBefore: await answersOfMonth(ledger, earlier),
    tasks,
    scorers: {},
    spent,
    nowMs,
  });
}

const folder = mkdtempSync(join(tmpdir(), 'spillway-review-'));
const schema = `review_${process.pid}_${Date.now()}`;

describe.each([
  ['embedded', async () => openEmbeddedLedger({ path: join(folder, 'ledger.db') })],
  ['postgres', async () => openPostgresLedger({ url: inject('databaseUrl'), schema, poolSize: 2 })],
] as const)('the review of a month, from the %s ledger', (_, open) => {
  let ledger: Ledger;
  beforeAll(async () => {
    ledger = await open();
    await ledger.apply(traffic('before', MONTH.fromMs - 1_000_000, 250));
    await ledger.apply(traffic('october', MONTH.fromMs, 1500));
    await ledger.apply(traffic('after', MONTH.toMs, 50));
    await ledger.apply([
      alarm('october-3', 'extract', { labelSource: 'agreement', raisedAtMs: MONTH.fromMs + 9000 }),
      // What people picked, drawn messages too: every one of these looked wrong.
      ...Array.from({ length: 300 }, (_, at) =>
        audit(`october-${at}`, 'classify', {
          audit: 'person',
          source: 'truth',
          wrong: true,
          rate: 0.5,
          auditedAtMs: MONTH.fromMs + 5000 + at,
        }),
      ),
    ]);
  }, 60_000);
  afterAll(() => ledger.close());

  it('counts what is of the month and nothing else', async () => {
    const [classify] = await review(ledger);
    const answers = await answersOfMonth(ledger, MONTH);
    expect(answers).toHaveLength(3000);
    expect(answers.filter(({ message }) => !message.startsWith('october-'))).toEqual([]);
    const { messages, keptSmall, escalated, cost, audited } = classify?.now ?? {};
    expect(messages).toBe(1500);
    expect((keptSmall ?? 0) + (escalated ?? 0)).toBe(1500);
    expect(cost).toMatchObject({
      small: { knownNanos: 7n * 1500n, unpriced: 0 },
      big: { knownNanos: 90n * BigInt(escalated ?? 0) },
      audit: { knownNanos: 90n * BigInt(keptSmall ?? 0) },
    });
    expect(audited).toMatchObject([
      { source: 'agreement', missing: 0, error: { labels: keptSmall, method: 'clopper_pearson' } },
    ]);
    expect(classify?.now.picked).toEqual({ labels: 300, errors: 300 });
    expect(answers.flatMap(({ audits }) => audits).filter(({ source }) => source === 'truth')).toEqual([]);
    expect(classify?.before).toMatchObject({ messages: 250, picked: { labels: 0, errors: 0 } });
  });

  it('proposes by the rules: lower where it is safe, higher where the promise is broken', async () => {
    const [classify, extract, sentiment] = await review(ledger);
    expect(classify?.recommendation).toMatchObject({ action: 'loosen', look: { number: 1 } });
    expect(classify?.recommendation.settings['threshold']).toBeLessThan(0.7);
    expect(extract?.recommendation).toMatchObject({ action: 'roll_back' });
    expect(extract?.recommendation.settings['threshold']).toBeGreaterThan(0.85);
    expect(classify?.recommendation.settings['certificate']).toMatchObject({
      expected: { rows: 1500, below_threshold: expect.any(Number), out_of_scope: 0 },
    });
    expect(extract?.alarms).toHaveLength(1);
    expect(extract?.drift?.statistic).toBeGreaterThan(24_000);
    expect(sentiment?.recommendation.action).toBe('none');
  });

  it('finds the same again on the rows that it has spent, and nothing while the month goes on', async () => {
    const first = await review(ledger);
    const spent = spendsOfReview(first);
    expect(spent.map(({ task, look }) => [task, look])).toEqual([
      ['classify', 1],
      ['extract', 1],
    ]);
    const again = await review(ledger, spent);
    expect(again.map(({ recommendation }) => recommendation.settings)).toEqual(
      first.map(({ recommendation }) => recommendation.settings),
    );
    expect(spendsOfReview(again)).toEqual([]);
    expect(spendsOfReview(await review(ledger, [], MONTH.toMs - 1))).toEqual([]);
  });

  it('refuses rows that a tuning has certified on', async () => {
    const [spend] = spendsOfReview(await review(ledger));
    const { look: _look, start: _start, ...tuned } = spend as Spend;
    const [classify] = await review(ledger, [{ ...tuned, data: 'sha256:other' }]);
    expect(classify?.recommendation).toMatchObject({
      action: 'keep',
      reason: expect.stringContaining('certified on'),
    });
  });

  it('says it in Markdown and as a page that loads nothing, without a word of a customer', async () => {
    const shown = {
      pack: 'support',
      month: MONTH.name,
      day: '2026-11-03',
      over: true,
      policyVersion: '2026-10-01.1',
      pricesFrom: '2026-01-01',
      tasks: await review(ledger),
    };
    const [markdown, page] = [reviewMarkdown(shown), reviewPage(shown)];
    expect(markdown).toContain('## classify: lower the threshold');
    expect(markdown).toContain('$0.0000105');
    expect(markdown).toMatch(
      /\| kept, and different from the big model’s answers \| .* \d+ of \d+ differ from the big model’s answers, 2026-10-01 to 2026-10-01, policy/,
    );
    expect(markdown).toContain(
      '| labelled by people unasked | 300, 300 of them call the answer wrong; they stand for no others | 0 |',
    );
    for (const text of [markdown, page]) {
      expect(text).toMatch(/audited answers \(7\.75 %\) differed from the big model’s answers since/);
      expect(text).not.toMatch(/(?:are|were) wrong|kept wrong/);
    }
    // Of classify and of extract the interval and the look.
    for (const text of [markdown, page]) {
      expect(text).toMatch(
        /This review makes 4 claims out of 4 tests, .* any of the claims is wrong is 20 % at most\./,
      );
    }
    expect(markdown).toMatch(/against the month before: population stability index 0\.\d\d/);
    expect(markdown).toMatch(/\| 0\.95 to 1\.00 \| \d+(\.\d+)? % █+ \| \d+(\.\d+)? % █+ \|/);
    expect(page).toContain('Confidence of the small answers of classify, this month and in the month before');
    expect(page).toContain('<svg');
    expect(page).not.toMatch(/<script|src=|href=/);
    for (const text of [markdown, page]) expect(text).not.toMatch(/my card|Ada|ada@/);
  });
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
});

it.each(['2026-13', '26-10', '2026-1', ''])('%s is no month', (name) => {
  expect(() => monthOf(name)).toThrow(expect.objectContaining({ code: 'rejected' }));
});

it('the month before January is December', () => {
  expect(monthBefore(Date.UTC(2027, 0, 31))).toEqual(monthOf('2026-12'));
});
