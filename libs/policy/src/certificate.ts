/** What a threshold promises, and what the promise rests on; written by the certification, never by hand. */
export interface Certificate {
  /** Share that may be wrong: of what is kept (`selective`), or of all traffic (`joint`). */
  readonly target: number;
  /** Chance that the procedure says so wrongly; absent for `joint`, which speaks of an average. */
  readonly delta?: number;
  readonly mode: 'selective' | 'joint';
  /** Wrong by the word of people, or by the big model's: the second is agreement, not correctness. */
  readonly labelSource: 'truth' | 'agreement';
  /** Labelled rows it rests on, those of them at or above the threshold, and the wrong ones among these. */
  readonly rows: number;
  readonly accepted: number;
  readonly errors: number;
  /** `sha256:` and the hash of the rows. */
  readonly data: string;
  /** Answers of another fingerprint are not covered: they freeze the certificate. */
  readonly fingerprint: string;
  /** What the answers looked like; absent: no share of them is watched. */
  readonly expected?: ExpectedTraffic;
  /** First and last day of the traffic that the rows are from; absent where the rows do not tell. */
  readonly period?: { readonly first: string; readonly last: string };
  /** ISO date. */
  readonly certifiedOn: string;
}

/** The small model's answers to the rows of a certificate, repeated ones included: what can be seen without labels. */
export interface ExpectedTraffic {
  readonly rows: number;
  /** Of these, answers under the threshold, or without a confidence. */
  readonly belowThreshold: number;
  /** Answers that call their message none of the company's business; absent for a task that does not say. */
  readonly outOfScope?: number;
  /** Answers with over a tenth of their probability outside of the labels; absent where they do not tell. */
  readonly outsideLabels?: number;
  /** Answers that were off the schema until a second try; absent where they do not tell. */
  readonly offSchema?: number;
  /** Answers by confidence, in bins of equal width over 0 to 1. */
  readonly scores: readonly number[];
}

/** What becomes of small answers that the certificate does not cover. */
export type Fallback = 'escalate' | 'hold' | 'keep';

/** What is done about a drift alarm. */
export type OnAlarm = 'escalate' | 'tighten';

/** The audit of what the small model's answers are worth, beside the traffic. */
export interface Shadow {
  /** Share of kept answers that are held against another's word, 0.005 to 1. */
  readonly rate: number;
  /**
   * Where the rate follows the expected error: that of each bin of equal width of the confidences over 0 to 1, which come
   * to `rate` for traffic as the certificate expects it.
   */
  readonly rates?: readonly number[];
  /** Whose word: a person's label, which is truth, or the big model's answer. Absent: the big model's. */
  readonly by?: 'model' | 'person';
  readonly onAlarm: OnAlarm;
}

/** Whose word the audit counts by. */
export const sourceOf = ({ by = 'model' }: Shadow): Certificate['labelSource'] =>
  by === 'person' ? 'truth' : 'agreement';

/**
 * What the alarm of an audit is worth that asks somebody else than the certificate did; undefined where it asks the same.
 * Two models disagree at most as much more often, or less, than the small one errs as the big one errs itself: an alarm
 * that is held to the certificate's target can ring while the promise holds, and can be late.
 */
export function auditCaveat(certificate: Certificate, shadow: Shadow): string | undefined {
  if (certificate.labelSource === sourceOf(shadow)) return undefined;
  return certificate.labelSource === 'truth'
    ? 'The certificate is of people’s labels, and the audit counts where the big model differs: what that has wrong counts against the small one, or hides with it. With by: person the audit measures what is promised.'
    : 'The certificate is of the big model’s answers, and the audit counts what people call wrong: what the big model has wrong too counts here and not there. With by: model the audit measures what is promised.';
}

/**
 * The share of wrong answers among the kept ones that the certificate allows. A joint promise counts over all traffic:
 * what is kept may be wrong more often, as far as less than everything was kept.
 */
export function allowedErrorRate({ mode, target, rows, accepted }: Certificate): number {
  return mode === 'selective' || accepted === 0 ? target : Math.min(1, (target * rows) / accepted);
}

/** A share for a person to read. */
export const percent = (share: number): string => `${Number((share * 100).toFixed(2))} %`;

/** What an error is by whose word: only people's says that an answer is wrong. */
export const errorWords = {
  truth: {
    one: 'is wrong by people’s labels',
    many: 'are wrong by people’s labels',
    were: 'were wrong by people’s labels',
    so: 'wrong by people’s labels',
    not: 'right by people’s labels',
  },
  agreement: {
    one: 'differs from the big model’s answer',
    many: 'differ from the big model’s answers',
    were: 'differed from the big model’s answers',
    so: 'different from the big model’s answers',
    not: 'the same as the big model’s answers',
  },
} as const satisfies Record<Certificate['labelSource'], object>;

/** What a certificate says, and no more than that, in one sentence. */
export function claimOf({ target, delta = 1, mode, labelSource, period }: Certificate): string {
  const { one, many } = errorWords[labelSource];
  const traffic =
    period === undefined
      ? 'traffic like that of the labelled rows'
      : `traffic like that of ${period.first} to ${period.last}`;
  return mode === 'selective'
    ? `A procedure that errs at most ${percent(delta)} of the time says: at most ${percent(target)} of the kept small answers ${many}, for ${traffic}.`
    : `In expectation over the traffic and over sets of labelled rows, at most ${percent(target)} of all messages have a small answer that is kept and ${one}, for ${traffic}; a single set can miss that, and nothing is promised of the kept answers alone.`;
}
