import { describe, expect, it } from 'vitest';
import { auditCaveat, type Certificate, type Shadow } from './certificate.js';

const certificate: Certificate = {
  target: 0.05,
  delta: 0.05,
  mode: 'selective',
  labelSource: 'truth',
  rows: 1_000,
  accepted: 800,
  errors: 20,
  data: 'sha256:0123456789abcdef',
  fingerprint: 'little|a',
  certifiedOn: '2026-11-24',
};

describe('the audit of a certificate', () => {
  it.each<[Certificate['labelSource'], Shadow['by'], RegExp | undefined]>([
    ['truth', 'person', undefined],
    ['agreement', 'model', undefined],
    ['agreement', undefined, undefined],
    ['truth', undefined, /of people’s labels, and .* the big model differs/],
    ['truth', 'model', /With by: person/],
    ['agreement', 'person', /of the big model’s answers, and .* people call wrong.*With by: model/],
  ])('of %s by %s measures what is promised, or says that it does not', (labelSource, by, want) => {
    const shadow: Shadow = { rate: 0.02, onAlarm: 'escalate', ...(by === undefined ? {} : { by }) };
    const caveat = auditCaveat({ ...certificate, labelSource }, shadow);
    if (want === undefined) expect(caveat).toBeUndefined();
    else expect(caveat).toMatch(want);
  });
});
