import type { Action } from '@spillway/policy/decide';
import { counter, histogram, PROBABILITIES } from '@spillway/telemetry/metrics';
import {
  CONFIDENCE,
  DECISION_CONFIDENCE,
  DECISIONS,
  MESSAGES_SETTLED,
  POLICY_VERSION,
  REASON,
  STEP,
  THRESHOLD,
  TIER,
  VERDICT,
} from '@spillway/telemetry/names';
import { isRecording, tracer } from '@spillway/telemetry/tracing';
import type { AuditAction } from './audit-action.js';

/** Counts what was decided and, where spans are recorded, leaves a span for each decision in the message's trace. */
export function observer(policyVersion: string): (actions: readonly (Action | AuditAction)[]) => void {
  const decisions = counter(DECISIONS, ['step', 'tier', 'verdict']);
  const confidences = histogram(DECISION_CONFIDENCE, ['step'], PROBABILITIES);
  const settled = counter(MESSAGES_SETTLED, ['outcome']);
  return (actions) => {
    for (const action of actions) {
      if (action.type === 'settle') settled.inc({ outcome: action.outcome });
      if (action.type !== 'decided') continue;
      const { step, tier, verdict, confidence } = action;
      decisions.inc({ step, tier, verdict });
      if (confidence !== undefined) confidences.observe({ step }, confidence);
      if (isRecording()) spanOf(action, policyVersion);
    }
  };
}

function spanOf(action: Extract<Action, { type: 'decided' }>, policyVersion: string): void {
  const span = tracer('router').startSpan(`decide ${action.step}`);
  span.setAttributes({
    [STEP]: action.step,
    [TIER]: action.tier,
    [VERDICT]: action.verdict,
    [REASON]: action.reasons[0] ?? '',
    [POLICY_VERSION]: policyVersion,
    ...(action.confidence === undefined ? {} : { [CONFIDENCE]: action.confidence }),
    ...(action.threshold === undefined ? {} : { [THRESHOLD]: action.threshold }),
  });
  span.end();
}
