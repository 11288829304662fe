import { scoreHistogram } from '@spillway/confidence/early-warning';
import { outsideLabels } from '@spillway/confidence/label-score';
import { OUT_OF_SCOPE } from '@spillway/pack/pack';
import type { ExpectedTraffic } from '@spillway/policy/certificate';

/** What can be seen of a small answer without knowing whether it is right. */
export interface SeenAnswer {
  /** Calibrated confidence, 0 to 1; null or absent where there is none. */
  readonly score?: number | null | undefined;
  /** What a classification says; absent for other steps. */
  readonly said?: string | undefined;
  /** Over a tenth of the probability lay outside of the labels; absent where the answer does not tell. */
  readonly outsideLabels?: boolean | undefined;
  /** Off the schema at first; absent where the answer does not tell. */
  readonly offSchema?: boolean | undefined;
}

/** What an endpoint's answer shows by its features, whatever is right. */
export function signsOf(
  features: Readonly<Record<string, number>>,
): Pick<SeenAnswer, 'outsideLabels' | 'offSchema'> {
  const { off_schema: offSchema } = features;
  return {
    outsideLabels: outsideLabels(features),
    offSchema: offSchema === undefined ? undefined : offSchema > 0,
  };
}

/** Of a sign how many show it; undefined unless most answers tell, since a count of a few is no share of all. */
function countOf(signs: readonly (boolean | undefined)[]): number | undefined {
  const told = signs.filter((sign) => sign !== undefined);
  if (told.length < MOST * signs.length) return undefined;
  return Math.ceil((told.filter(Boolean).length * signs.length) / told.length);
}

/** Answers without probabilities of the labels are few where an endpoint gives any. */
const MOST = 0.9;

/** What answers like these look like at a threshold; undefined where there are none. */
export function expectedTraffic(
  answers: readonly SeenAnswer[],
  threshold: number,
): ExpectedTraffic | undefined {
  if (answers.length === 0) return undefined;
  const offSchema = countOf(answers.map((answer) => answer.offSchema));
  const scores = answers.flatMap(({ score }) => (score === undefined || score === null ? [] : [score]));
  const said = answers.flatMap((answer) => (answer.said === undefined ? [] : [answer.said]));
  const outside = countOf(answers.map((answer) => answer.outsideLabels));
  return {
    rows: answers.length,
    belowThreshold: answers.length - scores.filter((score) => score >= threshold).length,
    ...(said.length === 0 ? {} : { outOfScope: said.filter((label) => label === OUT_OF_SCOPE).length }),
    ...(outside === undefined ? {} : { outsideLabels: outside }),
    ...(offSchema === undefined ? {} : { offSchema }),
    scores: scoreHistogram(scores),
  };
}

/** As a certificate in `policy.yaml` has it. */
export const expectedSettings = ({
  rows,
  belowThreshold,
  outOfScope,
  outsideLabels: outside,
  offSchema,
  scores,
}: ExpectedTraffic) => ({
  rows,
  below_threshold: belowThreshold,
  ...(outOfScope === undefined ? {} : { out_of_scope: outOfScope }),
  ...(outside === undefined ? {} : { outside_labels: outside }),
  ...(offSchema === undefined ? {} : { off_schema: offSchema }),
  scores: scores.join(' '),
});
