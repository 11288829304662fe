import { createHash } from 'node:crypto';
import { type Certification, certify } from '@spillway/confidence/certify';
import { dataHash, oneOfEach } from '@spillway/confidence/data-rows';
import { maySpend } from '@spillway/confidence/data-spend';
import { deltaOfLook } from '@spillway/confidence/delta-plan';
import type { Certificate } from '@spillway/policy/certificate';
import type { TaskName } from '@spillway/policy/policy';
import { fitHash, type Spend } from '../tune/spent-rows.js';
import type { AnswerRow } from './rows.js';

/** A uniform sample of the month's small answers, kept or not. */
export interface ThinnedRow {
  readonly text: string;
  readonly score: number | null;
  readonly wrong: boolean;
}

/**
 * Thins the month's answers to one rate, so that they are a uniform sample of the traffic: kept answers were drawn at a
 * rate, and of the others, which all have a label, as large a share is taken. An answer that should have a label and has
 * none counts as wrong. Policies without an audit leave a part of the traffic unseen, and all their answers out.
 */
export function thinnedRows(
  rows: readonly AnswerRow[],
  { labelSource, fingerprint }: Pick<Certificate, 'labelSource' | 'fingerprint'>,
): readonly ThinnedRow[] {
  const ofModel = rows.filter((row) => row.fingerprint === fingerprint);
  const audited = new Set(
    ofModel.filter((row) => rateOf(row) !== undefined && row.kept).map((row) => row.policyVersion),
  );
  const seen = ofModel.flatMap((row) => {
    const rate = rateOf(row);
    return rate === undefined || !audited.has(row.policyVersion) ? [] : [{ row, rate }];
  });
  const least = Math.min(1, ...seen.map(({ rate }) => rate));
  const thinned = seen.filter(({ row, rate }) => chanceOf(row) < least / rate).map(({ row }) => row);
  return oneOfEach(
    thinned,
    ({ text }) => text,
    ({ conversation }) => conversation,
  ).map(({ text, confidence, audits }) => ({
    text,
    score: confidence,
    wrong: audits.find(({ source }) => source === labelSource)?.wrong ?? true,
  }));
}

/** With which chance this answer was looked at; undefined: it was not. */
function rateOf({ kept, audits }: AnswerRow): number | undefined {
  if (!kept) return 1;
  const rate = Math.max(0, ...audits.filter(({ drawn }) => drawn).map((audit) => audit.rate));
  return rate > 0 ? rate : undefined;
}

/** 0 to 1, the same each time, and nothing that the draw of the audit depends on. */
const chanceOf = ({ step, message }: AnswerRow): number =>
  createHash('sha256').update(`thin/${step}/${message}`).digest().readUIntBE(0, 6) / 2 ** 48;

/** A test of thresholds on the month's rows, taken by plan. */
export interface Look {
  readonly certification: Certification;
  /** Which look it is of those that share the certificate's delta, 1 the first. */
  readonly number: number;
  readonly delta: number;
  readonly rows: number;
  /** `sha256:` and the hash of the rows with their labels. */
  readonly data: string;
  /** What is to be written down; absent where nothing was looked at, or the same look was taken before. */
  readonly spend?: Spend;
}

export interface LookTerms {
  readonly task: TaskName;
  readonly certificate: Certificate;
  /** What changes the order of the scores besides the fingerprint. */
  readonly scorer: unknown;
  /** Where the walk starts, chosen without these rows. */
  readonly start: number;
  readonly earlier: readonly Spend[];
  /** ISO day. */
  readonly day: string;
}

export type LookOrNot = Look | { readonly refused: string };

/**
 * Tests thresholds on rows by fixed-sequence testing. All looks of a task, one a month for as long as one likes, err with
 * the certificate's delta together. Rows that are spent refuse the look.
 *
 * @throws Fault `rejected` for a joint certificate, which has no delta to share out
 */
export function takeLook(rows: readonly ThinnedRow[], terms: LookTerms): LookOrNot {
  const { task, certificate, scorer, start, earlier, day } = terms;
  const { target, fingerprint } = certificate;
  const data = dataHash(rows.map(({ text, wrong }) => ({ row: text, label: wrong ? 'wrong' : 'right' })));
  const looks = earlier.filter((entry) => entry.task === task && entry.look !== undefined);
  const same = looks.find((entry) => entry.data === data && entry.start === start);
  const number = same?.look ?? 1 + Math.max(0, ...looks.map(({ look }) => look ?? 0));
  const delta = deltaOfLook(certificate.delta ?? 0, number);
  const certification = certify(
    rows.flatMap(({ score, wrong }) => (score === null ? [] : [{ score, wrong }])),
    { target, delta, start },
  );
  const wanted = {
    task,
    fit: fitHash(fingerprint, scorer),
    data,
    mode: 'selective' as const,
    target,
    delta,
    rows: rows.map(({ text }) => text).sort(),
    start,
    look: number,
  };
  const allowed = maySpend(earlier, { ...wanted, fittedOn: [] });
  if (allowed.verdict === 'refused') return { refused: allowed.reason };
  const unseen = certification.verdict === 'not_yet' && !certification.spent;
  return {
    certification,
    number,
    delta,
    rows: rows.length,
    data,
    ...(allowed.verdict === 'allowed' && !unseen
      ? { spend: { ...wanted, day, verdict: certification.verdict } }
      : {}),
  };
}
