import { certifyNotWorse, type PairedRow } from '@spillway/confidence/paired';
import { type NonInferiority, testNotWorse } from './statistics/non-inferiority.js';
import { pairedOutcome } from './statistics/paired-shares.js';

/** One row as both models answered it. */
export interface ComparedRow {
  readonly smallRight: boolean;
  readonly bigRight: boolean;
  /** How far the small model's answer is trusted, 0 to 1; absent: not at all, so the big model is asked. */
  readonly score?: number;
  readonly conversationId?: string;
}

export interface CascadeOptions {
  /** What may be lost against the big model, as a share of all rows. */
  readonly margin: number;
  /** Chance that a threshold loses more, by the procedure that chooses it. */
  readonly alpha: number;
  /** 5 when left out. */
  readonly folds?: number;
}

/** Small answers that score enough are kept, the big model answers the others. */
export interface Cascade {
  /** The lowest score that is kept. Infinity: everything is sent, as no threshold is known to lose little enough. */
  readonly threshold: number;
  /** For each row whether the small model's answer is kept. */
  readonly kept: readonly boolean[];
  /** For each row whether what is answered is right. */
  readonly right: readonly boolean[];
  /** Share of the rows that the big model is asked for. */
  readonly sent: number;
  /** Against the big model alone. */
  readonly test: NonInferiority;
  /** Rows that the test counts. */
  readonly tested: number;
}

/** What a policy that was fixed without these rows does on them; `kept` is its word on each small answer. */
export function policyCascade(
  rows: readonly ComparedRow[],
  policy: Pick<Cascade, 'threshold' | 'kept'>,
  { margin, alpha }: CascadeOptions,
): Cascade {
  const answered = answeredBy(rows, policy.kept);
  const test = testNotWorse(outcomeOf(rows, answered.right), { margin, alpha });
  return { ...policy, ...answered, test, tested: rows.length };
}

/**
 * The cascade that these rows themselves can choose, without judging it on the rows that chose: they are dealt into folds by
 * conversation, and each fold is answered with the threshold that the other folds certify to lose no more than the margin.
 * The figures are thus those of unseen rows. `threshold` is what all rows together certify, and `test` says just that: the
 * procedure allows for its own choice (`certifyNotWorse`).
 */
export function crossFittedCascade(rows: readonly ComparedRow[], options: CascadeOptions): Cascade {
  const { margin, alpha } = options;
  const kept = keptByOthers(rows, options, (others) => certifiedThreshold(others, options));
  const answered = answeredBy(rows, kept);
  const threshold = certifiedThreshold(rows, options);
  const certified = Number.isFinite(threshold);
  const { lossAtMost } = testNotWorse(outcomeOf(rows, answered.right), { margin, alpha });
  return {
    threshold,
    kept,
    ...answered,
    test: {
      verdict: certified ? 'shown' : 'open',
      margin,
      confidence: 1 - alpha,
      // The bound of the folds' rows is not one of the threshold that all rows choose.
      lossAtMost: certified ? margin : lossAtMost,
      moreRows: certified ? 0 : Number.POSITIVE_INFINITY,
    },
    tested: firstOfEach(rows).length,
  };
}

/**
 * The cascade with most rows right, answered fold by fold with the threshold at which the other folds have most right, so that
 * the figures are those of unseen rows. `threshold` is the one at which all rows have most right; Infinity where the big model
 * alone has. Nothing is tested, so nothing is promised of it.
 */
export function mostRightCascade(
  rows: readonly ComparedRow[],
  options: Pick<CascadeOptions, 'folds'> = {},
): Omit<Cascade, 'test' | 'tested'> {
  const kept = keptByOthers(rows, options, mostRightThreshold);
  return { threshold: mostRightThreshold(rows), kept, ...answeredBy(rows, kept) };
}

/** The threshold at which most rows are right; of several the one that sends the fewest. */
function mostRightThreshold(rows: readonly ComparedRow[]): number {
  const falling = rows
    .flatMap(({ score, smallRight, bigRight }) =>
      score === undefined ? [] : [{ score, gain: Number(smallRight) - Number(bigRight) }],
    )
    .sort((one, other) => other.score - one.score);
  let best = { threshold: Number.POSITIVE_INFINITY, gain: 0 };
  let gain = 0;
  for (const [at, row] of falling.entries()) {
    gain += row.gain;
    // Equal scores are kept or sent together.
    if (falling[at + 1]?.score !== row.score && gain >= best.gain) best = { threshold: row.score, gain };
  }
  return best.threshold;
}

/** Whether each row's small answer is kept by the threshold that the rows of all other folds choose. */
function keptByOthers(
  rows: readonly ComparedRow[],
  { folds = 5 }: Pick<CascadeOptions, 'folds'>,
  choose: (others: readonly ComparedRow[]) => number,
): readonly boolean[] {
  const fold = foldsByConversation(rows, folds);
  const thresholds = Array.from({ length: folds }, (_, part) =>
    choose(rows.filter((_row, at) => fold[at] !== part)),
  );
  return rows.map(
    ({ score }, at) => score !== undefined && score >= (thresholds[fold[at] as number] as number),
  );
}

const outcomeOf = (rows: readonly ComparedRow[], right: readonly boolean[]) =>
  pairedOutcome(
    right,
    rows.map(({ bigRight }) => bigRight),
    rows.map(({ conversationId }) => conversationId),
  );

const answeredBy = (
  rows: readonly ComparedRow[],
  kept: readonly boolean[],
): Pick<Cascade, 'right' | 'sent'> => ({
  right: rows.map(({ smallRight, bigRight }, at) => (kept[at] ? smallRight : bigRight)),
  sent: kept.filter((one) => !one).length / rows.length,
});

/** Conversations are dealt out in turn, so that sorted files are spread and no conversation is on both sides. */
function foldsByConversation(rows: readonly ComparedRow[], folds: number): readonly number[] {
  const seen = new Map<string, number>();
  let next = 0;
  return rows.map(({ conversationId }) => {
    const known = conversationId === undefined ? undefined : seen.get(conversationId);
    if (known !== undefined) return known;
    const fold = next % folds;
    next += 1;
    if (conversationId !== undefined) seen.set(conversationId, fold);
    return fold;
  });
}

/**
 * The lowest threshold that is certified to lose no more than the margin, Infinity where there is none. A conversation counts once, by its first message,
 * as rows must be independent; a row without a score is sent in any case, so that it changes nothing.
 */
function certifiedThreshold(rows: readonly ComparedRow[], { margin, alpha }: CascadeOptions): number {
  const single = firstOfEach(rows);
  const lowest = Math.min(...single.flatMap(({ score }) => score ?? []));
  if (!Number.isFinite(lowest)) return Number.POSITIVE_INFINITY;
  const paired = single.map(
    ({ score, smallRight, bigRight }): PairedRow =>
      score === undefined
        ? { score: lowest - 1, smallRight: bigRight, bigRight }
        : { score, smallRight, bigRight },
  );
  const found = certifyNotWorse(paired, { margin, delta: alpha });
  return found.verdict === 'certified' ? Math.max(lowest, found.threshold) : Number.POSITIVE_INFINITY;
}

function firstOfEach(rows: readonly ComparedRow[]): readonly ComparedRow[] {
  const seen = new Set<string>();
  return rows.filter(({ conversationId }) => {
    if (conversationId === undefined) return true;
    const first = !seen.has(conversationId);
    seen.add(conversationId);
    return first;
  });
}
