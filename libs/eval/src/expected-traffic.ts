import { scoreHistogram } from '@spillway/confidence/early-warning';
import { OUT_OF_SCOPE } from '@spillway/pack/pack';
import type { ExpectedTraffic } from '@spillway/policy/certificate';

/** What can be seen of a small answer without knowing whether it is right. */
export interface SeenAnswer {
  /** Calibrated confidence, 0 to 1; null or absent where there is none. */
  readonly score?: number | null | undefined;
  /** What a classification says; absent for other steps. */
  readonly said?: string | undefined;
}

/** What answers like these look like at a threshold; undefined where there are none. */
export function expectedTraffic(
  answers: readonly SeenAnswer[],
  threshold: number,
): ExpectedTraffic | undefined {
  if (answers.length === 0) return undefined;
  const scores = answers.flatMap(({ score }) => (score === undefined || score === null ? [] : [score]));
  const said = answers.flatMap((answer) => (answer.said === undefined ? [] : [answer.said]));
  return {
    rows: answers.length,
    belowThreshold: answers.length - scores.filter((score) => score >= threshold).length,
    ...(said.length === 0 ? {} : { outOfScope: said.filter((label) => label === OUT_OF_SCOPE).length }),
    scores: scoreHistogram(scores),
  };
}

/** As a certificate in `policy.yaml` has it. */
export const expectedSettings = ({ rows, belowThreshold, outOfScope, scores }: ExpectedTraffic) => ({
  rows,
  below_threshold: belowThreshold,
  ...(outOfScope === undefined ? {} : { out_of_scope: outOfScope }),
  scores: scores.join(' '),
});
