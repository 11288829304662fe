import { describe, expect, it } from 'vitest';
import { expectedTraffic } from '../expected-traffic.js';
import { type AuditedMessage, ledgerRows } from './ledger-rows.js';

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
});

/** An answer that was not kept and that nobody was asked about. */
const notKept = (id: string, changes: Partial<Decision> = {}): AuditedMessage => ({
  ...message(id, {}),
  decisions: [decided('hold', changes)],
  audits: [],
});

const options = { step: 'classify', source: 'agreement', seed: 's' } as const;

describe('rows of the ledger', () => {
  it('are audited answers with what the worker had seen', () => {
    expect(ledgerRows([message('m1', { wrong: true })], options)).toEqual([
      {
        cluster: expect.stringMatching(/^[0-9a-f]{64}$/),
        conversationId: 'c-m1',
        receivedAt: '2026-10-01T00:00:00.000Z',
        label: 'refund',
        right: false,
        said: 'refund',
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
    expect(ledgerRows([message('m1', changes)], options)).toMatchObject([{ right }]);
  });

  it.each<[string, AuditedMessage]>([
    ['another step', message('m1', { step: 'sentiment' })],
    ['another label source', message('m1', { source: 'truth' })],
    ['a message that a person picked', message('m1', { rate: 0 })],
    ['no answer of the small model', message('m1', {}, [])],
    ['a person’s word on a message that was drawn for the big model', message('m1', { audit: 'person' })],
    ['an answer that was kept and not drawn', { ...message('m1', {}), audits: [] }],
  ])('leave out %s', (_, left) => {
    expect(ledgerRows([left], options)).toEqual([]);
  });

  it('thin what was audited more often to the lowest rate, the same in every run', () => {
    const shadow = Array.from({ length: 20 }, (_, at) => message(`s${at}`, { rate: 0.1 }));
    const often = Array.from({ length: 2_000 }, (_, at) => message(`o${at}`, { rate: 0.4 }));
    const escalated = Array.from({ length: 2_000 }, (_, at) =>
      message(`e${at}`, { audit: 'escalated', rate: 1 }),
    );
    const rows = ledgerRows([...shadow, ...often, ...escalated], options);
    const count = (letter: string) =>
      rows.filter(({ conversationId }) => conversationId?.startsWith(`c-${letter}`)).length;
    expect(count('s')).toBe(20);
    expect(count('o') / 2_000).toBeCloseTo(0.25, 1);
    expect(count('e') / 2_000).toBeCloseTo(0.1, 1);
    expect(ledgerRows([...shadow, ...often, ...escalated], options)).toEqual(rows);
  });

  it('are none where only escalated answers have labels', () => {
    expect(ledgerRows([message('m1', { audit: 'escalated', rate: 1 })], options)).toEqual([]);
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
    expect(ledgerRows([kept, other], { ...options, source })).toMatchObject([{ right: true }, ...want]);
  });

  it('expect as much traffic under the threshold as there is, whoever labels what is kept', () => {
    const unsure = { ...small, confidence: 0.5, rawConfidence: 0.5 };
    const kept = Array.from({ length: 700 }, (_, at) => message(`k${at}`, { source: 'truth', rate: 1 }));
    const escalated = Array.from({ length: 300 }, (_, at) =>
      message(`e${at}`, { audit: 'escalated', rate: 1 }, [unsure]),
    );
    const rows = ledgerRows([...kept, ...escalated], { ...options, source: 'truth' });
    const seen = rows.map(({ signal }) => ({ score: signal?.calibrated }));
    expect(expectedTraffic(seen, 0.7)).toMatchObject({ rows: 1_000, belowThreshold: 300 });
  });
});
