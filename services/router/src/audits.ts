import type { Policy } from '@spillway/policy/policy';
import type { KeyedState } from '@spillway/store/keyed-state';
import type { Logger } from '@spillway/telemetry/logger';
import { counter, gauge } from '@spillway/telemetry/metrics';
import { DRIFT_STATISTIC, SHADOW_ERRORS, SHADOW_LABELS } from '@spillway/telemetry/names';
import { auditFinding } from './audit-output.js';
import { type DriftDetectorParts, driftDetector } from './drift-detector.js';
import { freezeWatch } from './freeze-watch.js';
import type { Audits } from './router.controller.js';

export interface AuditsParts {
  readonly state: KeyedState;
  readonly policy: Policy;
  readonly auditKey: () => Promise<string>;
  readonly log: Logger;
  readonly now: () => number;
}

/** All that the router does about audits, besides drawing them. */
export function audits({ state, policy, auditKey, log, now }: AuditsParts): Audits {
  return {
    seen: freezeWatch({ state, policy, log, now }),
    answered: (event) => auditFinding(event, state, auditKey),
    recorded: driftDetector({ state, policy, onLabel: labelObserver(log) }),
  };
}

function labelObserver(log: Logger): DriftDetectorParts['onLabel'] {
  const labels = counter(SHADOW_LABELS, ['step']);
  const errors = counter(SHADOW_ERRORS, ['step']);
  const statistic = gauge(DRIFT_STATISTIC, ['step']);
  return (step, wrong, watch, raised) => {
    labels.inc({ step });
    if (wrong) errors.inc({ step });
    statistic.set({ step }, watch.drift.statistic);
    if (raised === undefined) return;
    const facts = { step, labels: raised.labels, errors: raised.errors, response: raised.response };
    log.error(facts, 'drift alarm: kept answers are wrong more often than the certificate allows');
  };
}
