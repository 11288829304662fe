import { expect, it } from 'vitest';
import type { AlarmChange, AuditChange, LedgerChange } from '../ledger-change.js';
import { alarm, audit, auditRequest, detail, received, START, settled, step } from './ledger-history.js';
import { faultOf, type LedgerStage } from './ledger-stage.js';

const viewOf = ({ kind: _, messageId: __, ...view }: AuditChange | AlarmChange) => view;

export function auditCases(stage: () => LedgerStage): void {
  groupCases(stage);
  alarmCases(stage);
  messageCases(stage);
  requestCases(stage);
}

function groupCases(stage: () => LedgerStage): void {
  it('counts together what may be counted together, and apart what came without a label', async () => {
    const ledger = await stage().open();
    const many = { rate: 0.5, fingerprint: 'other' };
    await ledger.apply([
      audit('m1', 'classify', { auditedAtMs: START + 5 }),
      audit('m2', 'classify', { wrong: true, auditedAtMs: START + 2 }),
      audit('m3', 'classify', { wrong: null, missing: 'over_budget', auditedAtMs: START + 9 }),
      audit('m4', 'classify', { rate: 0.5, auditedAtMs: START + 11 }),
      audit('m5', 'classify', { ...many, wrong: true, auditedAtMs: START + 12 }),
      audit('m1', 'classify', { audit: 'person', source: 'truth', rate: 0, auditedAtMs: START + 13 }),
      audit('m1', 'sentiment', { wrong: true }),
    ]);
    const same = { step: 'classify', audit: 'shadow', source: 'agreement', policyVersion: '2026-11' };
    const one = { labels: 1, errors: 0, missing: 0 };
    expect((await ledger.audits({})).groups).toEqual([
      { ...same, rate: 0.02, fingerprint: 'small-8b|-', labels: 2, errors: 1, missing: 1, ...span(2, 9) },
      { ...same, rate: 0.5, fingerprint: 'small-8b|-', ...one, ...span(11, 11) },
      { ...same, ...many, ...one, errors: 1, ...span(12, 12) },
      {
        ...same,
        audit: 'person',
        source: 'truth',
        rate: 0,
        fingerprint: 'small-8b|-',
        ...one,
        ...span(13, 13),
      },
      {
        ...same,
        step: 'sentiment',
        rate: 0.02,
        fingerprint: 'small-8b|-',
        ...one,
        errors: 1,
        ...span(400, 400),
      },
    ]);
  });

  it('counts an audit once, and looks at the span that is asked for', async () => {
    const ledger = await stage().open();
    const facts = [0, 1, 2, 3].map((n) => audit(`m${n}`, 'extract', { auditedAtMs: START + n }));
    await ledger.apply(facts);
    await ledger.apply([...facts, audit('m1', 'extract', { wrong: true })]);
    const { groups } = await ledger.audits({ fromMs: START + 1, toMs: START + 3 });
    expect(groups).toMatchObject([{ step: 'extract', labels: 2, errors: 0, ...span(1, 2) }]);
    expect((await ledger.audits({ fromMs: START + 100 })).groups).toEqual([]);
  });
}

const span = (first: number, last: number) => ({ firstMs: START + first, lastMs: START + last });

function alarmCases(stage: () => LedgerStage): void {
  it('lists the alarms of a span, the newest first', async () => {
    const ledger = await stage().open();
    const facts = [
      alarm('m1', 'classify', { raisedAtMs: START + 1 }),
      alarm('m2', 'extract', { raisedAtMs: START + 9 }),
      alarm('m3', 'classify', { raisedAtMs: START + 5, statistic: 1e300 }),
    ] as const;
    await ledger.apply(facts);
    await ledger.apply(facts);
    const [first, second, third] = facts.map(viewOf);
    expect((await ledger.audits({})).alarms).toEqual([second, third, first]);
    expect((await ledger.audits({ fromMs: START + 2, toMs: START + 9 })).alarms).toEqual([third]);
  });

  it('keeps alarms of a message and a step apart by what rang, and by whose word', async () => {
    const ledger = await stage().open();
    const facts = [
      alarm('m1', 'classify', { signal: 'below_threshold', raisedAtMs: START + 1, sinceMs: START }),
      alarm('m1', 'classify', { labelSource: 'truth', raisedAtMs: START + 9 }),
      alarm('m2', 'classify', { labelSource: 'agreement', raisedAtMs: START + 10 }),
    ] as const;
    await ledger.apply(facts);
    await ledger.apply(facts);
    expect((await ledger.audits({})).alarms).toEqual(facts.toReversed().map(viewOf));
  });
}

function messageCases(stage: () => LedgerStage): void {
  it('shows the audits with their message, the oldest first, also those that came before its receipt', async () => {
    const ledger = await stage().open();
    const late = audit('m1', 'classify', { confidence: null, threshold: null, auditedAtMs: START + 9 });
    const early = audit('m1', 'sentiment', { wrong: true, auditedAtMs: START + 1 });
    await ledger.apply([late, early, alarm('m1', 'classify')]);
    expect(await ledger.message('m1')).toBeUndefined();
    await ledger.apply([received('m1')]);
    const view = await ledger.message('m1');
    expect(view?.status).toBe('received');
    expect(view?.audits).toEqual([early, late].map(viewOf));
  });

  it('pays for the big model’s audit and goes by the small model’s word', async () => {
    const other = detail('classify', {
      value: { kind: 'classification', label: 'refund', queue: 'money', alternatives: [] },
    });
    const facts = [
      received('m1'),
      step('m1', 'classify'),
      settled('m1'),
      step('m1', 'classify', 'audit', {
        detail: other,
        call: { ...frontier, costNanos: 90n, baselineNanos: 500n, projectedNanos: 90n },
      }),
    ];
    for (const order of [facts, facts.toReversed()]) {
      const ledger = await stage().open();
      for (const fact of order) await ledger.apply([fact]);
      const view = await ledger.message('m1');
      expect(view).toMatchObject({
        intent: 'order_status',
        status: 'settled',
        costNanos: 100n,
        baselineNanos: 100n,
      });
      const savings = await ledger.savings({});
      expect(savings).toMatchObject({ escalatedMessages: 0, calls: 2, cost: { knownNanos: 100n } });
      expect(savings.steps[0]?.models).toMatchObject([
        { tier: 'small', calls: 1 },
        { tier: 'audit', calls: 1, cost: { knownNanos: 90n }, baseline: { knownNanos: 0n } },
      ]);
    }
  });

  it('takes a person’s label for the intent', async () => {
    const ledger = await stage().open();
    const value = { kind: 'classification', label: 'refund', queue: '', alternatives: [] } as const;
    await ledger.apply([
      received('m1'),
      step('m1', 'classify', 'human', { call: null, detail: detail('classify', { value, usage: null }) }),
      step('m1', 'classify', 'big'),
    ]);
    expect(await ledger.message('m1')).toMatchObject({ intent: 'refund' });
  });
}

function requestCases(stage: () => LedgerStage): void {
  it('lists what people are asked to label, the longest waiting first, page by page', async () => {
    const ledger = await stage().open();
    const ids = ['m0', 'm1', 'm2', 'm3', 'm4'];
    await ledger.apply(ids.map((id) => received(id)));
    for (const n of [3, 1, 4, 0, 2]) {
      await ledger.apply([auditRequest(`m${n}`, 'classify', { requestedAtMs: START + Math.floor(n / 2) })]);
    }
    await ledger.apply([audit('m1', 'classify', { source: 'truth' })]);
    const first = await ledger.openAudits({ limit: 2 });
    const second = await ledger.openAudits({ limit: 2, cursor: first.nextCursor ?? '' });
    expect([first, second].map(({ items }) => items.map(({ messageId }) => messageId))).toEqual([
      ['m0', 'm3'],
      ['m2', 'm4'],
    ]);
    expect(second.nextCursor).toBeNull();
    const messages = (await ledger.list({ limit: 1 })).nextCursor ?? '';
    await expect(ledger.openAudits({ limit: 1, cursor: messages })).rejects.toThrow(faultOf('malformed'));
  });

  it('shows the message and, of what the small model said, the draft that is to be judged', async () => {
    const ledger = await stage().open();
    await ledger.apply([
      auditRequest('m1', 'classify'),
      auditRequest('m1', 'draft', { requestedAtMs: START + 220 }),
    ]);
    expect((await ledger.openAudits({ limit: 5 })).items).toEqual([]);
    await ledger.apply([received('m1'), step('m1', 'classify'), step('m1', 'draft')]);
    const { conversationId, channel, subject, text, locale, receivedAtMs } = received('m1');
    const message = { messageId: 'm1', conversationId, channel, subject, text, locale, receivedAtMs };
    expect((await ledger.openAudits({ limit: 5 })).items).toEqual([
      { ...message, step: 'classify', draft: null, requestedAtMs: START + 210 },
      { ...message, step: 'draft', draft: 'It is on its way.', requestedAtMs: START + 220 },
    ]);
  });

  it('counts what is open, until the label is there', async () => {
    const { kind: _, messageId: __, ...open } = asked;
    const others = [audit('m1', 'classify', { audit: 'person' }), audit('m1', 'sentiment')];
    const ledger = await stage().open();
    for (const fact of [...others, asked, received('m1')]) await ledger.apply([fact]);
    expect((await ledger.message('m1'))?.openAudits).toEqual([open]);
    expect((await ledger.audits({})).open).toEqual([{ step: 'classify', requests: 1 }]);
    expect((await ledger.audits({ fromMs: START + 211 })).open).toEqual([]);
    await ledger.apply([label, asked, ...others]);
    expect((await ledger.message('m1'))?.openAudits).toEqual([]);
    await ledger.close();
  });

  it.each<[string, readonly (readonly LedgerChange[])[]]>([
    ['came before it', [[label, received('m1')], [asked]]],
    ['comes with it', [[received('m1'), label, asked]]],
    ['comes after it', [[asked, received('m1')], [label]]],
  ])('does not ask for a label that %s', async (_, batches) => {
    const ledger = await stage().open();
    for (const batch of batches) await ledger.apply(batch);
    expect((await ledger.openAudits({ limit: 5 })).items).toEqual([]);
    expect((await ledger.audits({})).open).toEqual([]);
  });
}

const asked = auditRequest('m1', 'classify');
const label = audit('m1', 'classify', { source: 'truth', reviewer: 'grace' });
const frontier = { model: 'frontier', embedded: false, polishNanos: null };
