import { crossFit } from '@spillway/confidence/cross-fit';
import { applyScorer, fitScorer } from '@spillway/confidence/logistic-scorer';
import { logLoss } from '@spillway/confidence/metrics';
import { seededRandom } from '@spillway/confidence/random';
import {
  averageGapRecovered,
  type RoutingCurve,
  routingCurve,
  sentToRecover,
} from '@spillway/confidence/routing-curve';
import type { Features } from '@spillway/confidence/score';
import { recordedRows } from '../recorded-data.js';
import { head, row } from '../table.js';
import { byDomain, byText, type Question, shapeOf } from './questions.js';
import { split } from './sampling.js';
import { atLeast, decimals, percent, type Target } from './target.js';

const LABELS = 1_500;
/** What RouteLLM's best router reaches with as many labels. */
const PUBLISHED = 0.603;
const PENALTIES = [1, 10, 50, 200];
const FOLDS = 10;

type Described = readonly Features[];

/** The penalty with the lowest log loss on labelled questions left out in turn. */
function choosePenalty(described: Described, right: readonly boolean[]): number {
  const losses = PENALTIES.map((penalty) => {
    const unseen = crossFit(right.map(Number), FOLDS, (learnFrom) => {
      const scorer = fitScorer(
        Array.from(learnFrom, (at) => described[at] as Features),
        Array.from(learnFrom, (at) => right[at] as boolean),
        { penalty },
      );
      return (at) => applyScorer(scorer, described[at] as Features);
    });
    return logLoss(unseen, right);
  });
  return PENALTIES[losses.indexOf(Math.min(...losses))] as number;
}

interface Router {
  readonly penalties: readonly number[];
  /** By how much likelier the big model is right than the small one. */
  gain(question: Question): number;
}

/** Two logistic scorers on the same features: whether the small model is right, and whether the big one is. */
function routerFrom(labelled: readonly Question[]): Router {
  const [domain, text] = [byDomain(labelled), byText(labelled)];
  const describe = (question: Question): Features => ({
    ...shapeOf(question),
    ...domain(question),
    ...text(question),
  });
  const described = labelled.map(describe);
  const [small, big] = [
    labelled.map((question) => question.small_correct),
    labelled.map((question) => question.big_correct),
  ].map((right) => {
    const penalty = choosePenalty(described, right);
    return { penalty, scorer: fitScorer(described, right, { penalty }) };
  });
  if (small === undefined || big === undefined) throw new Error('there are two models');
  return {
    penalties: [small.penalty, big.penalty],
    gain(question) {
      const features = describe(question);
      return applyScorer(big.scorer, features) - applyScorer(small.scorer, features);
    },
  };
}

const curveOf = (questions: readonly Question[], gain: (question: Question) => number): RoutingCurve =>
  routingCurve(
    questions.map((one) => ({ score: -gain(one), smallRight: one.small_correct, bigRight: one.big_correct })),
  );

/** Mixtral before GPT-4 on MMLU: what can be told from the question alone, with 1,500 labelled ones. */
export function mmluRouting(samples: number): readonly Target[] {
  const questions = recordedRows<Question>('routing/routellm-mmlu.jsonl').filter((one) => !one.contaminated);
  const { floor, ceiling } = curveOf(questions, () => 0);
  process.stdout.write(
    '\nMMLU, Mixtral-8x7B before GPT-4-1106 (RouteLLM’s records), against the key: ' +
      `${questions.length.toLocaleString('en')} questions after decontamination. Score, from the question alone: two logistic ` +
      'scorers of whether each model is right, on how often it is in the domain, what the embedded linear classifier makes ' +
      'of the text, and the shape of the question. Fitted to 1,500 labelled questions, their penalty chosen by ' +
      'cross-validation on the same; judged on all others. (Which features to use was found on this set.)\n',
  );
  head('sample (seed)', 'penalties chosen', 'floor', 'ceiling', 'APGR', 'CPT50', 'CPT80');
  const reached = Array.from({ length: samples }, (_, at) => {
    const { chosen: labelled, others } = split(questions, LABELS, seededRandom(at + 1));
    const { penalties, gain } = routerFrom(labelled);
    const curve = curveOf(others, gain);
    const recovered = averageGapRecovered(curve);
    row(
      at + 1,
      penalties.join(', '),
      percent(curve.floor),
      percent(curve.ceiling),
      recovered.toFixed(3),
      percent(sentToRecover(curve, 0.5)),
      percent(sentToRecover(curve, 0.8)),
    );
    return recovered;
  });
  const mean = reached.reduce((sum, one) => sum + one, 0) / samples;
  row('mean', `RouteLLM’s best: ${PUBLISHED}`, '', '', mean.toFixed(3), '', '');
  return [
    toTheDigit('MMLU: floor', '68.09', floor),
    toTheDigit('MMLU: ceiling', '80.59', ceiling),
    atLeast(`MMLU: APGR with 1,500 labels, mean of ${samples} samples`, 0.66, mean, decimals(3)),
  ];
}

function toTheDigit(name: string, wanted: string, share: number): Target {
  const measured = (100 * share).toFixed(2);
  return { name, wanted, measured, met: measured === wanted };
}
