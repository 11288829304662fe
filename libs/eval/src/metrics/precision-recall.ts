/** How much of what was said is right, and how much of what is right was said. */
export interface PrecisionRecall {
  readonly hits: number;
  readonly said: number;
  readonly expected: number;
  /** 0 to 1; undefined where nothing was said. */
  readonly precision?: number;
  /** 0 to 1; undefined where nothing was expected. */
  readonly recall?: number;
  /** 2 hits / (said + expected): the harmonic mean of both, 0 where nothing hit; undefined where neither has anything. */
  readonly f1?: number;
}

export function precisionRecall(hits: number, said: number, expected: number): PrecisionRecall {
  return {
    hits,
    said,
    expected,
    ...(said > 0 && { precision: hits / said }),
    ...(expected > 0 && { recall: hits / expected }),
    ...(said + expected > 0 && { f1: (2 * hits) / (said + expected) }),
  };
}
