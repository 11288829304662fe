import type { StepAnswer } from './case.js';
import type { Certificate } from './certificate.js';
import { alarmReason } from './drift-alarm.js';
import type { Policy } from './policy.js';

/** What speaks against keeping a small answer at the task's own threshold. */
export interface Safeguard {
  /** What becomes of the answer whatever its confidence; absent: the confidence decides. */
  readonly verdict?: 'escalate' | 'hold';
  /** What the confidence is compared with. */
  readonly threshold: number;
  /** For a person to read; empty where nothing speaks against it. */
  readonly reasons: readonly string[];
}

/**
 * The threshold of a task while its alarm stands and the policy tightens: halfway to certainty. For a calibrated score
 * that halves the chance of an error at the threshold; the certificate knows nothing of it.
 */
export const tightened = (threshold: number): number => (1 + threshold) / 2;

/** Whether the certificate does not cover this answer: it comes from another model, server, prompt or constraint. */
export const isFrozen = (certificate: Certificate | undefined, answer: StepAnswer): boolean =>
  certificate !== undefined && answer.fingerprint !== certificate.fingerprint;

/** What holds for a small answer apart from its confidence: a frozen certificate, a drift alarm, or nothing. */
export function safeguardOf(answer: StepAnswer, policy: Policy): Safeguard {
  const { threshold, certificate, fallback } = policy.tasks[answer.step];
  const reasons: string[] = [];
  if (certificate !== undefined && isFrozen(certificate, answer)) {
    const frozen = `the certificate is for ${certificate.fingerprint} and frozen for ${answer.fingerprint || 'an answer that does not name its model'}`;
    if (fallback !== 'keep') return { verdict: fallback, threshold, reasons: [frozen] };
    reasons.push(`${frozen}: the policy goes on without it`);
  }
  const alarm = policy.alarms?.[answer.step];
  if (alarm === undefined) return { threshold, reasons };
  const found = `drift alarm: ${alarmReason(alarm)}`;
  if (alarm.response === 'escalate') {
    return { verdict: 'escalate', threshold, reasons: [found, ...reasons] };
  }
  const raised = tightened(threshold);
  const note = `${found}: the threshold is raised from ${threshold.toFixed(2)}`;
  return { threshold: raised, reasons: [note, ...reasons] };
}
