import { createHash } from 'node:crypto';
import { oneOfEach } from '@spillway/confidence/data-rows';
import type { AnsweredRow } from './answered-row.js';

/** What each row is for. No row has two roles. */
export interface Roles {
  /** The confidence is fitted to these. */
  readonly fit: readonly AnsweredRow[];
  /** The threshold is certified on these, once. */
  readonly certify: readonly AnsweredRow[];
  /** Rows left out: near-duplicates and further messages of a conversation that is there already. */
  readonly repeated: number;
  /** Rows left out because another version of the model answered them. */
  readonly otherFingerprint: number;
  /** Of the answers that count. */
  readonly fingerprint: string;
}

/** Share of the rows that the confidence is fitted to, where something has to be fitted. */
const FIT_SHARE = 1 / 3;

/** The fingerprint of most answers. */
function commonest(rows: readonly AnsweredRow[]): string {
  const counts = new Map<string, number>();
  for (const { fingerprint } of rows) counts.set(fingerprint, (counts.get(fingerprint) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? '';
}

/** A number from 0 to 1 that follows from the text alone: adding rows never moves a row from one role to the other. */
const lotOf = (cluster: string): number =>
  createHash('sha256').update(`role:${cluster}`).digest().readUInt32BE(0) / 2 ** 32;

/**
 * Deals labelled answers to their roles: one row for each cluster of near-duplicates and each conversation, of the
 * fingerprint that most answers have. Embedded models are calibrated on the pack's examples, so nothing is left to fit
 * and every row certifies. Nothing is fitted to a row without a label; of those as many are left out as of the others. The role of a row follows from its text: it is the same in every run.
 */
export function rolesOf(rows: readonly AnsweredRow[]): Roles {
  const fingerprint = commonest(rows);
  const same = rows.filter((row) => row.fingerprint === fingerprint);
  const kept = oneOfEach(
    same,
    ({ cluster }) => cluster,
    ({ conversationId }) => conversationId,
  );
  const nothingToFit = kept.some(({ signal }) => signal?.embedded === true);
  const fits = ({ cluster }: AnsweredRow): boolean => !nothingToFit && lotOf(cluster) < FIT_SHARE;
  return {
    fit: kept.filter((row) => fits(row) && row.unlabelled !== true),
    certify: kept.filter((row) => !fits(row)),
    repeated: same.length - kept.length,
    otherFingerprint: rows.length - same.length,
    fingerprint,
  };
}
