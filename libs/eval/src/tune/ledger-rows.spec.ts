import { describe, expect, it } from 'vitest';
import { expectedTraffic } from '../expected-traffic.js';
import { type AuditedMessage, ledgerRows } from './ledger-rows.js';

type Request = AuditedMessage['openAudits'][number];

type Audit = AuditedMessage['audits'][number];
type Step = AuditedMessage['steps'][number];
type Decision = AuditedMessage['decisions'][number];

const small: Step = {
  step: 'classify',
  tier: 'small',
  model: 'small-8b',
  embedded: false,
  costNanos: 10n,
  completedAtMs: 0,
  value: { kind: 'classification', label: 'refund', queue: 'money', alternatives: [] },
  confidence: 0.9,
  rawConfidence: 0.8,
  confidenceSource: 'logprobs',
  features: { margin: 0.6 },
  fingerprint: 'm|1',
  usage: null,
  latencyMs: 1,
  attempts: 1,
  failure: null,
};

const audited = (changes: Partial<Audit>): Audit => ({
  step: 'classify',
  audit: 'shadow',
  source: 'agreement',
  wrong: false,
  missing: null,
  rate: 0.5,
  confidence: 0.9,
  threshold: 0.7,
  fingerprint: 'm|1',
  policyVersion: '1',
  reviewer: '',
  auditedAtMs: 0,
  ...changes,
});

const decided = (verdict: Decision['verdict'], changes: Partial<Decision> = {}): Decision => ({
  step: 'classify',
  tier: 'small',
  verdict,
  confidence: 0.9,
  threshold: 0.7,
  policyVersion: '1',
  reasons: [],
  decidedAtMs: 0,
  ...changes,
});

const message = (id: string, changes: Partial<Audit>, steps: readonly Step[] = [small]): AuditedMessage => ({
  id,
  text: `text of ${id}`,
  conversationId: `c-${id}`,
  receivedAtMs: Date.UTC(2026, 9, 1),
  steps,
  decisions: [decided(changes.audit === 'escalated' ? 'escalate' : 'accept')],
  audits: [audited(changes)],
  openAudits: [],
});

/** An answer that was not kept and that nobody was asked about. */
const notKept = (id: string, changes: Partial<Decision> = {}): AuditedMessage => ({
  ...message(id, {}),
  decisions: [decided('hold', changes)],
  audits: [],
});

const options = { step: 'classify', source: 'agreement', seed: 's' } as const;

const rowsOf = (...asked: Parameters<typeof ledgerRows>) => ledgerRows(...asked).rows;

describe('rows of the ledger', () => {
  it('are audited answers with what the worker had seen', () => {
    expect(rowsOf([message('m1', { wrong: true })], options)).toEqual([
      {
        cluster: expect.stringMatching(/^[0-9a-f]{64}$/),
        conversationId: 'c-m1',
        receivedAt: '2026-10-01T00:00:00.000Z',
        label: 'refund',
        right: false,
        said: 'refund',
        features: { margin: 0.6 },
        signal: { raw: 0.8, calibrated: 0.9, embedded: false, features: { margin: 0.6 } },
        fingerprint: 'm|1',
      },
    ]);
  });

  it.each<[string, Partial<Audit>, boolean]>([
    ['agreed with', {}, true],
    ['not agreed with', { wrong: true }, false],
    ['without a label', { wrong: null, missing: 'over_budget' }, false],
  ])('%s', (_, changes, right) => {
    expect(rowsOf([message('m1', changes)], options)).toMatchObject([{ right }]);
  });

  it.each<[string, AuditedMessage]>([
    ['another step', message('m1', { step: 'sentiment' })],
    ['another label source', message('m1', { source: 'truth' })],
    ['a message that a person picked', message('m1', { rate: 0 })],
    ['no answer of the small model', message('m1', {}, [])],
    ['a person’s word on a message that was drawn for the big model', message('m1', { audit: 'person' })],
    ['an answer that was kept and not drawn', { ...message('m1', {}), audits: [] }],
  ])('leave out %s', (_, left) => {
    expect(rowsOf([left], options)).toEqual([]);
  });

  it('thin what was audited more often to the lowest rate, the same in every run', () => {
    const shadow = Array.from({ length: 20 }, (_, at) => message(`s${at}`, { rate: 0.1 }));
    const often = Array.from({ length: 2_000 }, (_, at) => message(`o${at}`, { rate: 0.4 }));
    const escalated = Array.from({ length: 2_000 }, (_, at) =>
      message(`e${at}`, { audit: 'escalated', rate: 1 }),
    );
    const rows = rowsOf([...shadow, ...often, ...escalated], options);
    const count = (letter: string) =>
      rows.filter(({ conversationId }) => conversationId?.startsWith(`c-${letter}`)).length;
    expect(count('s')).toBe(20);
    expect(count('o') / 2_000).toBeCloseTo(0.25, 1);
    expect(count('e') / 2_000).toBeCloseTo(0.1, 1);
    expect(rowsOf([...shadow, ...often, ...escalated], options)).toEqual(rows);
  });

  it.each<[string, 'agreement' | 'truth', readonly AuditedMessage[], readonly string[], number]>([
    ['nothing was kept', 'agreement', [], [], 2],
    ['answers were kept and none drawn', 'agreement', [{ ...message('k', {}), audits: [] }], [], 0],
    ['answers were kept in messages that are not given', 'agreement', [], ['1'], 0],
    ['answers were kept under another policy', 'agreement', [], ['0'], 2],
    ['nothing was kept, and people are asked', 'truth', [], [], 0],
  ])('of escalated answers alone, where %s', (_, source, others, kept, want) => {
    const escalated = ['a', 'b'].map((id) => message(id, { audit: 'escalated', rate: 1, wrong: id === 'a' }));
    const rows = rowsOf([...escalated, ...others], { ...options, source, keptUnder: new Set(kept) });
    expect(rows.map(({ right }) => right)).toEqual([false, true].slice(0, want));
  });

  it.each<[string, 'agreement' | 'truth', AuditedMessage, readonly unknown[]]>([
    [
      'held, so that the big model was not asked',
      'agreement',
      notKept('m1'),
      [{ right: false, unlabelled: true }],
    ],
    [
      'escalated, where people label what is kept',
      'truth',
      message('m1', { audit: 'escalated', rate: 1 }),
      [{ right: false, unlabelled: true }],
    ],
    ['of a policy under which nothing was drawn', 'truth', notKept('m1', { policyVersion: '0' }), []],
    ['that came too late to be decided on', 'truth', notKept('m1', { confidence: null }), []],
  ])('say of what was not kept: an answer %s', (_, source, other, want) => {
    const kept = message('kept', { source, rate: 1 });
    expect(rowsOf([kept, other], { ...options, source })).toMatchObject([{ right: true }, ...want]);
  });

  it('expect as much traffic under the threshold as there is, whoever labels what is kept', () => {
    const unsure = { ...small, confidence: 0.5, rawConfidence: 0.5 };
    const kept = Array.from({ length: 700 }, (_, at) => message(`k${at}`, { source: 'truth', rate: 1 }));
    const escalated = Array.from({ length: 300 }, (_, at) =>
      message(`e${at}`, { audit: 'escalated', rate: 1 }, [unsure]),
    );
    const rows = rowsOf([...kept, ...escalated], { ...options, source: 'truth' });
    const seen = rows.map(({ signal }) => ({ score: signal?.calibrated }));
    expect(expectedTraffic(seen, 0.7)).toMatchObject({ rows: 1_000, belowThreshold: 300 });
  });
});

describe('open requests to people', () => {
  const DAY = 86_400_000;
  const request: Request = {
    step: 'classify',
    rate: 1,
    confidence: 0.9,
    threshold: 0.7,
    fingerprint: 'm|1',
    policyVersion: '1',
    requestedAtMs: 0,
  };
  const day = (at: number, of: AuditedMessage): AuditedMessage => ({ ...of, receivedAtMs: at * DAY });
  const labelled = (at: number, wrong = false) =>
    day(at, message(`l${at}`, { source: 'truth', rate: 1, wrong }));
  const open = (at: number) => day(at, { ...message(`o${at}`, {}), audits: [], openAudits: [request] });
  const escalated = (at: number) => day(at, message(`e${at}`, { audit: 'escalated', rate: 1 }));
  const forModel = (at: number) => day(at, message(`b${at}`, { rate: 1 }));

  it.each<[string, readonly AuditedMessage[], string, number]>([
    ['none', [labelled(1), labelled(2)], 'l1 right, l2 right', 0],
    ['one that was passed over', [labelled(1), open(2), labelled(3)], 'l1 right, o2 open, l3 right', 0],
    ['one from before the first label', [open(1), labelled(2)], 'o1 open, l2 right', 0],
    ['one that nobody has come to', [labelled(1), open(2)], 'l1 right', 1],
    [
      'both, and traffic that was not kept',
      [labelled(1, true), open(2), escalated(3), labelled(4), escalated(5), open(6), open(7)],
      'l1 wrong, o2 open, e3 unlabelled, l4 right',
      2,
    ],
    ['nothing but open ones', [open(1), open(2), escalated(3)], '', 2],
    [
      'traffic since the last label, and none open',
      [labelled(1), escalated(2)],
      'l1 right, e2 unlabelled',
      0,
    ],
    ['one that the big model was asked about', [labelled(1), forModel(2)], 'l1 right', 0],
  ])('%s', (_, messages, want, waiting) => {
    const found = ledgerRows(messages, { ...options, source: 'truth' });
    const words = found.rows.map((row) => {
      const what = row.open ? 'open' : row.unlabelled ? 'unlabelled' : row.right ? 'right' : 'wrong';
      return `${row.conversationId?.slice(2)} ${what}`;
    });
    const inOrder = words.toSorted((a, b) => a.slice(1).localeCompare(b.slice(1)));
    expect([inOrder.join(', '), found.waiting]).toEqual([want, waiting]);
  });

  it('are nothing to a tuning on the big model’s answers', () => {
    const found = ledgerRows([forModel(1), open(2), forModel(3)], options);
    expect([found.rows.length, found.waiting]).toEqual([2, 0]);
  });

  it('keep the rate that they were drawn with', () => {
    const often = Array.from({ length: 1_000 }, (_, at) => open(at));
    const seldom = message('s', { source: 'truth', rate: 0.25 });
    const { rows } = ledgerRows([...often, seldom], { ...options, source: 'truth' });
    expect(rows.length / 1_001).toBeCloseTo(0.25, 1);
  });
});
