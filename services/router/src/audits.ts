import type { Policy } from '@spillway/policy/policy';
import type { KeyedState } from '@spillway/store/keyed-state';
import type { Logger } from '@spillway/telemetry/logger';
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
  readonly onLabel: DriftDetectorParts['onLabel'];
}

/** All that the router does about audits, besides drawing them. */
export const audits = ({ state, policy, auditKey, log, now, onLabel }: AuditsParts): Audits => ({
  seen: freezeWatch({ state, policy, log, now }),
  answered: (event) => auditFinding(event, state, auditKey),
  recorded: driftDetector({ state, policy, onLabel }),
});
