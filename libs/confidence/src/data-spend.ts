/** A certification as the ledger of spent data remembers it. */
export interface DataSpend {
  readonly task: string;
  readonly target: number;
  /** Absent for `joint`, which has none. */
  readonly delta?: number;
  /**
   * Hash of everything that was fitted or chosen and that can change the order of the scores: model, prompt, scorer. A
   * monotone calibrator cannot and is left out.
   */
  readonly fit: string;
  /** The rows certified on, by their row hashes. */
  readonly rows: readonly string[];
  /** Hash of these rows with their labels. */
  readonly data: string;
  readonly mode: 'selective' | 'joint';
  readonly start?: number;
  /**
   * Which look of a plan made in advance this is, 1 for the first. Looks may share rows, because the delta of each is its
   * share of the plan's (`deltaOfLook`).
   */
  readonly look?: number;
}

export interface WantedSpend extends DataSpend {
  /** Rows that anything was fitted to or chosen on, by their row hashes. */
  readonly fittedOn: readonly string[];
}

export type Spending<Entry extends DataSpend> =
  | { readonly verdict: 'allowed' }
  /** The very same was asked before: its result stands, and is not another try. */
  | { readonly verdict: 'same_as_before'; readonly earlier: Entry }
  | { readonly verdict: 'refused'; readonly reason: string; readonly rows: number };

/**
 * Whether labelled rows may be certified on, given all that was certified before. Rows are good for one certification of a
 * task: after a refit they helped to choose what is to be tested on them, and another try on them finds by luck what the
 * first did not.
 */
export function maySpend<Entry extends DataSpend>(
  earlier: readonly Entry[],
  wanted: WantedSpend,
): Spending<Entry> {
  const rows = new Set(wanted.rows);
  if (rows.size < wanted.rows.length) {
    const reason = 'of these rows came up before in the same set. Keep one of each group of near-duplicates.';
    return refused(wanted.rows.length - rows.size, reason);
  }
  const fitted = shared(rows, wanted.fittedOn);
  if (fitted > 0) {
    return refused(
      fitted,
      'of these rows had been fitted to. A score is tested on rows that it has not seen.',
    );
  }
  const ofTask = earlier.filter(({ task }) => task === wanted.task);
  const same = ofTask.find((entry) => sameSpend(entry, wanted));
  if (same !== undefined) return { verdict: 'same_as_before', earlier: same };
  const conflicts = ofTask
    .map((entry) => ({ entry, overlap: shared(rows, entry.rows) }))
    .filter(({ entry, overlap }) => overlap > 0 && !nextLook(entry, wanted))
    .sort((a, b) => b.overlap - a.overlap);
  const [worst] = conflicts;
  return worst === undefined ? { verdict: 'allowed' } : refused(worst.overlap, whyNot(worst.entry, wanted));
}

function sameSpend(entry: DataSpend, wanted: DataSpend): boolean {
  return (
    entry.fit === wanted.fit &&
    entry.data === wanted.data &&
    entry.mode === wanted.mode &&
    entry.target === wanted.target &&
    entry.delta === wanted.delta &&
    entry.start === wanted.start &&
    entry.look === wanted.look
  );
}

function nextLook(entry: DataSpend, wanted: DataSpend): boolean {
  if (entry.look === undefined || wanted.look === undefined) return false;
  return entry.fit === wanted.fit && wanted.look > entry.look;
}

function whyNot(entry: DataSpend, wanted: DataSpend): string {
  if (entry.fit !== wanted.fit) {
    return 'of these rows had been certified on with an earlier fit, which makes them part of how the present one came about. Label fresh rows.';
  }
  if (entry.data !== wanted.data) {
    return entry.rows.length === wanted.rows.length &&
      shared(new Set(entry.rows), wanted.rows) === entry.rows.length
      ? 'of these rows had been certified on with other labels. Labels changed after a result are no fair test.'
      : 'of these rows had been certified on before. Certify on the fresh ones alone.';
  }
  return 'of these rows had been certified on before, for another target, delta, mode or start. Label fresh rows for this one.';
}

function shared(rows: ReadonlySet<string>, others: readonly string[]): number {
  let count = 0;
  for (const other of new Set(others)) count += rows.has(other) ? 1 : 0;
  return count;
}

function refused(rows: number, reason: string) {
  return { verdict: 'refused', rows, reason: `${rows.toLocaleString('en')} ${reason}` } as const;
}
