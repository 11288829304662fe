import { seededRandom } from '@spillway/confidence/random';
import type { StepCompletedInit } from '@spillway/models/runner';
import type {
  HumanAgreement,
  JudgedPair as PairFigure,
  PairwiseFigures,
  Position,
} from '../metrics/pairwise.js';
import { pairwiseFigures } from '../metrics/pairwise.js';
import type { ReplyRow } from '../reply-rows.js';
import { percent, type Table } from './cells.js';
import type { JudgedPair, RepliesToCompare } from './judge-pairs.js';

/** What a judge is asked about one step. */
export interface JudgeQuestions {
  /** The small model's reply (`one`) and the big model's, where they differ. */
  readonly replies: readonly RepliesToCompare[];
  /** Conversation of each pair of `replies`. */
  readonly clusters: readonly (string | undefined)[];
  /** Rows whose replies are the same, word for word: nobody is asked about those. */
  readonly same: number;
  /** Pairs that a person has compared. */
  readonly people: readonly (RepliesToCompare & { readonly human: 'candidate' | 'reference' })[];
}

/** What a judge says, and how far it can be believed. */
export interface JudgeReport {
  readonly model: string;
  readonly same: number;
  /** Candidate: the small model's reply. Absent where no two replies differ. */
  readonly replies?: PairwiseFigures;
  /** The judge on pairs that people have compared; absent where there are none. */
  readonly people?: PairwiseFigures;
}

const replyOf = ({ result }: StepCompletedInit): string | undefined =>
  result?.case === 'draft' || result?.case === 'polish' ? result.value.text : undefined;

/** Puts together what to ask. Of people's pairs the better reply is the first one in every other row. */
export function judgeQuestions(
  rows: readonly ReplyRow[],
  small: readonly StepCompletedInit[],
  big: readonly StepCompletedInit[],
): JudgeQuestions {
  const both = rows.flatMap(({ input, conversationId }, at) => {
    const [one, other] = [replyOf(small[at] ?? {}), replyOf(big[at] ?? {})];
    return one === undefined || other === undefined ? [] : [{ input, one, other, conversationId }];
  });
  const different = both.filter(({ one, other }) => one.trim() !== other.trim());
  const people = rows.flatMap(({ input, preferred }) =>
    preferred === undefined ? [] : [{ input, ...preferred }],
  );
  return {
    replies: different.map(({ input, one, other }) => ({ input, one, other })),
    clusters: different.map(({ conversationId }) => conversationId),
    same: both.length - different.length,
    people: people.map(({ input, better, worse }, at) =>
      at % 2 === 0
        ? { input, one: better, other: worse, human: 'candidate' }
        : { input, one: worse, other: better, human: 'reference' },
    ),
  };
}

const SEED = 1;
const positions = { first: 'first', second: 'second', neither: 'tie' } as const satisfies Record<
  string,
  Position
>;

const figureOf = ({ inOrder, reversed }: JudgedPair): PairFigure => ({
  candidateFirst: inOrder && positions[inOrder],
  candidateSecond: reversed && positions[reversed],
});

/** Counts what the judge said to these questions, in their order. */
export function judgeReport(
  model: string,
  { clusters, same, people }: Pick<JudgeQuestions, 'clusters' | 'same' | 'people'>,
  judged: { readonly replies: readonly JudgedPair[]; readonly people: readonly JudgedPair[] },
): JudgeReport {
  const random = () => seededRandom(SEED);
  const labelled = judged.people.map((pair, at) => {
    const human = people[at]?.human;
    return { ...figureOf(pair), ...(human === undefined ? {} : { human }) };
  });
  return {
    model,
    same,
    ...(judged.replies.length === 0
      ? {}
      : { replies: pairwiseFigures(judged.replies.map(figureOf), { random: random(), clusters }) }),
    ...(labelled.length === 0 ? {} : { people: pairwiseFigures(labelled, { random: random() }) }),
  };
}

const interval = ({ lower, upper }: { readonly lower: number; readonly upper: number }): string =>
  Number.isNaN(lower) ? 'without an interval: all are alike' : `95 % ${percent(lower)} to ${percent(upper)}`;

/** A judge's word, with everything that speaks against it. */
export function judgeTable({ model, same, replies, people }: JudgeReport): Table {
  const { human } = people ?? {};
  return {
    title: `Judge ${model}: the small model’s replies against the big one’s, each pair in both orders`,
    head: ['figure', 'value'],
    rows: [
      ...(replies === undefined ? [] : repliesRows(replies)),
      ['the same word for word', String(same)],
      ...(people === undefined || human === undefined
        ? [['people’s word on pairs', 'none given, so nothing says whether the judge can be believed']]
        : [
            [
              'agrees with people',
              `${percent(human.agreement)} of ${human.pairs} pairs, ${kappaText(human)}`,
            ],
            ['says the same in both orders of these', percent(people.consistency)],
          ]),
    ],
  };
}

/** Of pairs that all agree, or are all alike, drawing them again says nothing. */
const kappaText = ({ kappa, interval: { lower, upper } }: HumanAgreement): string =>
  Number.isNaN(lower)
    ? `kappa ${kappa.toFixed(2)} without an interval`
    : `kappa ${kappa.toFixed(2)} (${lower.toFixed(2)} to ${upper.toFixed(2)})`;

const repliesRows = (figures: PairwiseFigures): string[][] => [
  ['small better, equal, big better', `${figures.wins}, ${figures.ties}, ${figures.losses}`],
  ['win rate of the small model', `${percent(figures.winRate)} (${interval(figures.interval)})`],
  ['says the same in both orders', `${percent(figures.consistency)} of ${figures.pairs - figures.unjudged}`],
  [
    'prefers a place',
    `the first ${figures.positionBias.first} times, the second ${figures.positionBias.second} times (p ${figures.positionBias.chance.toFixed(2)})`,
  ],
  ['answers that could not be read', String(figures.unjudged)],
];
