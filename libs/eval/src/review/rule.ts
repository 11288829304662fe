import { counted } from '@spillway/confidence/counted';
import { acceptedNeeded } from '@spillway/confidence/planner';
import type { ShadowError } from '@spillway/confidence/shadow-interval';
import {
  allowedErrorRate,
  type Certificate,
  type ExpectedTraffic,
  errorWords,
  percent,
} from '@spillway/policy/certificate';
import { tightened } from '@spillway/policy/safeguard';
import { expectedSettings } from '../expected-traffic.js';
import type { TaskSettings } from '../tune/policy-edit.js';
import type { LookOrNot } from './look.js';

/** How sure the intervals of a review are. */
export const LEVEL = 0.95;

/** What a review knows of one task. */
export interface RuleFacts {
  readonly threshold: number;
  readonly certificate?: Certificate;
  /** Of the kept answers that the certificate covers; absent: no label came. */
  readonly error?: ShadowError;
  readonly alarms: number;
  /** Answers of the month that the certificate does not cover. */
  readonly uncovered: number;
  /** Whether the month is over, so that its rows are all there. */
  readonly over: boolean;
  /** ISO day. */
  readonly day: string;
  /** First and last day of the month. */
  readonly period: string;
  /** Takes a look at the month's rows, from a threshold downwards. */
  readonly look: (start: number) => LookOrNot;
  /** What the month's answers look like at a threshold. */
  readonly expected?: (threshold: number) => ExpectedTraffic | undefined;
}

export interface Recommendation {
  readonly action: 'none' | 'keep' | 'keep_and_label' | 'loosen' | 'roll_back' | 'escalate_all';
  /** For a person to read. */
  readonly reason: string;
  /** What changes of the task; empty where nothing does. */
  readonly settings: TaskSettings;
  /** Labels still to gather, about. */
  readonly moreLabels?: number;
  readonly look?: LookOrNot;
  /** What the certificate was held against; absent where there is none, or no label came. */
  readonly error?: ShadowError;
}

const still = (action: Recommendation['action'], reason: string, moreLabels?: number): Recommendation => ({
  action,
  reason,
  settings: {},
  ...(moreLabels === undefined ? {} : { moreLabels }),
});

/**
 * What to do about a task's threshold. The interval of the audit against what the certificate allows decides: wholly above
 * it, back to a threshold that still passes the test, or escalate everything; wholly under it, keep, and go lower only by
 * a test that starts at the threshold in force; neither, keep and label more.
 */
export function recommend(facts: RuleFacts): Recommendation {
  const { certificate, error } = facts;
  if (certificate === undefined) {
    return still('none', 'There is no certificate to hold the month against: `spillway tune` writes one.');
  }
  if (error === undefined) return unaudited(facts, certificate);
  const allowed = allowedErrorRate(certificate);
  const { lower, upper } = error.interval;
  const found =
    `${error.errors} of ${error.labels} audited answers kept at ${facts.threshold} or more ${errorWords[certificate.labelSource].many} ` +
    `(${percent(LEVEL)} interval ${percent(lower)} to ${percent(upper)}), and ${percent(allowed)} may be`;
  if (lower > allowed) return { ...retreat(facts, certificate, found), error };
  if (upper <= allowed) return { ...advance(facts, certificate, found), error };
  const moreLabels = labelsMissing(error, allowed);
  const reason = `${found}: that decides nothing yet. Keep the threshold and label about ${moreLabels} more.`;
  return { ...still('keep_and_label', reason, moreLabels), error };
}

function unaudited({ uncovered }: RuleFacts, certificate: Certificate): Recommendation {
  const risk = certificate.errors / certificate.accepted;
  const allowed = allowedErrorRate(certificate);
  const needed = acceptedNeeded({ target: allowed, delta: (1 - LEVEL) / 2 }, risk);
  const moreLabels = Number.isFinite(needed) ? needed : certificate.accepted;
  const why =
    uncovered > 0
      ? `No kept answer that the certificate covers has a label, and ${counted(uncovered, 'answer')} ${uncovered === 1 ? 'is' : 'are'} of another fingerprint: the certificate is frozen for ${uncovered === 1 ? 'it' : 'these'}. Certify ${uncovered === 1 ? 'it' : 'them'} with \`spillway tune\``
      : `No kept answer has a label by the certificate's source: set \`shadow\` in the policy, or have people label drawn messages`;
  return still(
    'keep_and_label',
    `${why}. About ${counted(moreLabels, 'label')} ${moreLabels === 1 ? 'shows' : 'show'} whether the promise holds.`,
    moreLabels,
  );
}

/** By the plan for the upper end of the interval; as many again where the estimate itself is no better than the target. */
function labelsMissing({ labels, share }: ShadowError, allowed: number): number {
  const needed = acceptedNeeded({ target: allowed, delta: (1 - LEVEL) / 2 }, share);
  return Number.isFinite(needed) ? Math.max(1, needed - labels) : labels;
}

/** The walk starts where a tightened threshold lies, a rule that this month's rows had no part in. */
function retreat(facts: RuleFacts, certificate: Certificate, found: string): Recommendation {
  const look =
    facts.over && certificate.mode === 'selective' ? facts.look(tightened(facts.threshold)) : undefined;
  const passed = look !== undefined && 'certification' in look ? look.certification : undefined;
  if (passed?.verdict === 'certified' && passed.threshold > facts.threshold) {
    return {
      action: 'roll_back',
      reason: `${found}: the promise is broken. From ${passed.threshold} on it holds on this month's rows: ${passed.errors} of ${passed.accepted} ${errorWords[certificate.labelSource].many}.`,
      settings: certifiedBy(facts, certificate, look),
      ...withLook(look),
    };
  }
  return {
    action: 'escalate_all',
    reason: `${found}: the promise is broken, and no threshold is shown to keep it. The big model answers everything but what has a confidence of 1, until \`spillway tune\` certifies again.`,
    settings: { threshold: 1, certificate: undefined },
    ...withLook(look),
  };
}

function advance(facts: RuleFacts, certificate: Certificate, found: string): Recommendation {
  const kept = `${found}: the promise holds.`;
  const barrier = whyNoLook(facts, certificate);
  if (barrier !== undefined) return still('keep', `${kept} Keep the threshold. ${barrier}`);
  const look = facts.look(facts.threshold);
  if ('refused' in look) return { ...still('keep', `${kept} Keep the threshold: ${look.refused}`), look };
  const { certification } = look;
  if (certification.verdict === 'certified' && certification.threshold < facts.threshold) {
    return {
      action: 'loosen',
      reason: `${kept} From ${certification.threshold} on it does too: ${certification.errors} of ${certification.accepted} of the month's sample ${errorWords[certificate.labelSource].many}, tested downwards from ${facts.threshold} at look ${look.number} of the plan.`,
      settings: certifiedBy(facts, certificate, look),
      look,
    };
  }
  return { ...still('keep', `${kept} Keep the threshold: none under it passes the test.`), look };
}

function whyNoLook({ over, alarms }: RuleFacts, { mode, labelSource }: Certificate): string | undefined {
  if (!over) return 'Lower ones are tested when the month is over.';
  if (alarms > 0) return 'A drift alarm was raised: lower ones are not tested.';
  if (mode === 'joint') return 'A promise about all messages is loosened by `spillway tune` alone.';
  return labelSource === 'truth'
    ? 'Answers under it have the big model’s word and no person’s: `spillway tune` on labelled messages tests lower ones.'
    : undefined;
}

const withLook = (look: LookOrNot | undefined) => (look === undefined ? {} : { look });

function certifiedBy(facts: RuleFacts, certificate: Certificate, look: LookOrNot | undefined): TaskSettings {
  if (look === undefined || !('certification' in look) || look.certification.verdict !== 'certified')
    return {};
  const { threshold, accepted, errors } = look.certification;
  const expected = facts.expected?.(threshold);
  return {
    threshold,
    certificate: {
      target: certificate.target,
      delta: certificate.delta,
      mode: certificate.mode,
      label_source: certificate.labelSource,
      rows: look.rows,
      accepted,
      errors,
      data: look.data,
      fingerprint: certificate.fingerprint,
      ...(expected === undefined ? {} : { expected: expectedSettings(expected) }),
      period: facts.period,
      certified_on: facts.day,
    },
  };
}
