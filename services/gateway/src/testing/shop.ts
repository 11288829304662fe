import type { Certificate } from '@spillway/policy/certificate';
import { policy } from '@spillway/policy/testing/given';
import type { GatewayParts } from '../gateway.module.js';

export const certificate: Certificate = {
  target: 0.05,
  delta: 0.05,
  mode: 'selective',
  labelSource: 'agreement',
  rows: 1_000,
  accepted: 800,
  errors: 20,
  data: 'sha256:0123456789abcdef',
  fingerprint: 'little|a',
  expected: { rows: 1_010, belowThreshold: 202, outOfScope: 12, scores: [1_010] },
  period: { first: '2026-10-01', last: '2026-10-31' },
  certifiedOn: '2026-11-24',
};

/** Two intents and a field; `classify` is certified and audited. */
export const pack: GatewayParts['pack'] = {
  policy: {
    ...policy,
    tasks: {
      ...policy.tasks,
      classify: { ...policy.tasks.classify, certificate, shadow: { rate: 0.02, onAlarm: 'escalate' } },
    },
  },
  intents: [
    { label: 'order_status', queue: 'orders', description: 'Where it is.', examples: [] },
    { label: 'refund', queue: 'money', description: 'Money back.', examples: [] },
  ],
  fields: [
    { name: 'order_number', kind: 'pattern', description: '', patterns: ['A-[0-9]'], normalise: 'upper' },
  ],
};
