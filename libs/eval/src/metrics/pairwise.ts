import type { Interval } from '@spillway/confidence/binomial';
import { type BootstrapOptions, bootstrapInterval, meanOf } from '../statistics/bootstrap.js';
import { mcnemar } from '../statistics/paired-shares.js';
import { kappaOf } from './kappa.js';

/** What a judge says of two replies that it was shown one after the other. */
export type Position = 'first' | 'second' | 'tie';
export type Preference = 'candidate' | 'reference' | 'tie';

/** Two replies to one message, judged twice. Undefined: the judge gave no answer. */
export interface JudgedPair {
  readonly candidateFirst: Position | undefined;
  readonly candidateSecond: Position | undefined;
  /** What a person prefers, where one was asked. */
  readonly human?: Preference;
}

export interface PairwiseFigures {
  readonly pairs: number;
  /** Pairs without both answers: they count in nothing below. */
  readonly unjudged: number;
  /** A pair is won by what is preferred in both orders; everything else is a tie. */
  readonly wins: number;
  readonly ties: number;
  readonly losses: number;
  /** Of the candidate, 0 to 1, a tie counting half, with its interval at 95 %. */
  readonly winRate: number;
  readonly interval: Interval;
  /** Share of the pairs for which the judge says the same in both orders. */
  readonly consistency: number;
  readonly positionBias: PositionBias;
  /** Absent where no judged pair has a person's word. */
  readonly human?: HumanAgreement;
}

/** Pairs in which the judge prefers a place, whatever stands there. */
export interface PositionBias {
  readonly first: number;
  readonly second: number;
  /** How likely it is that a judge without a bias prefers one place at least so much more often (two-sided sign test). */
  readonly chance: number;
}

export interface HumanAgreement {
  readonly pairs: number;
  /** Share of the pairs for which judge and person say the same. */
  readonly agreement: number;
  /** Beyond chance (Cohen's kappa); NaN where both only ever say one thing. */
  readonly kappa: number;
  readonly interval: Interval;
}

interface BothOrders {
  readonly first: Position;
  readonly second: Position;
  readonly preference: Preference;
  readonly human: Preference | undefined;
}

/** Puts a judge's answers in both orders together. NaN for shares without rows. */
export function pairwiseFigures(pairs: readonly JudgedPair[], options: BootstrapOptions): PairwiseFigures {
  const numbered = pairs.map((pair, at) => ({ ...bothOrders(pair), cluster: options.clusters?.[at] }));
  const judged = numbered.filter(
    (one): one is BothOrders & { cluster: string | undefined } => 'preference' in one,
  );
  const clusters = judged.map(({ cluster }) => cluster);
  const count = (counted: (one: BothOrders) => boolean): number => judged.filter(counted).length;
  const worth = Float64Array.from(judged, ({ preference }) => worthOf[preference]);
  const { estimate, corrected } = bootstrapInterval(judged.length, meanOf(worth), { ...options, clusters });
  const first = count((one) => one.first === 'first' && one.second === 'first');
  const second = count((one) => one.first === 'second' && one.second === 'second');
  const human = humanAgreement(judged, options);
  return {
    pairs: pairs.length,
    unjudged: pairs.length - judged.length,
    wins: count(({ preference }) => preference === 'candidate'),
    ties: count(({ preference }) => preference === 'tie'),
    losses: count(({ preference }) => preference === 'reference'),
    winRate: estimate,
    interval: corrected,
    consistency: count(sameInBoth) / judged.length,
    positionBias: {
      first,
      second,
      chance: mcnemar({ rows: judged.length, better: first, worse: second, designEffect: 1 }).exact,
    },
    ...(human === undefined ? {} : { human }),
  };
}

const worthOf: Readonly<Record<Preference, number>> = { candidate: 1, tie: 0.5, reference: 0 };

function bothOrders({
  candidateFirst,
  candidateSecond,
  human,
}: JudgedPair): BothOrders | Record<never, never> {
  if (candidateFirst === undefined || candidateSecond === undefined) return {};
  const [one, other] = [named(candidateFirst, 'candidate'), named(candidateSecond, 'reference')];
  return { first: candidateFirst, second: candidateSecond, preference: one === other ? one : 'tie', human };
}

/** What a preference for a place says, given who stands first. */
function named(position: Position, first: 'candidate' | 'reference'): Preference {
  if (position === 'tie') return 'tie';
  return (position === 'first') === (first === 'candidate') ? 'candidate' : 'reference';
}

const sameInBoth = ({ first, second }: BothOrders): boolean =>
  named(first, 'candidate') === named(second, 'reference');

function humanAgreement(
  judged: readonly (BothOrders & { readonly cluster: string | undefined })[],
  options: BootstrapOptions,
) {
  const labelled = judged.filter(({ human }) => human !== undefined);
  if (labelled.length === 0) return undefined;
  const said = labelled.map(({ preference }) => preference);
  const wanted = labelled.map(({ human }) => human);
  const kappa = kappaOf(said, wanted, ['candidate', 'tie', 'reference'], 'none');
  const { estimate, corrected } = bootstrapInterval(labelled.length, kappa, {
    ...options,
    clusters: labelled.map(({ cluster }) => cluster),
  });
  return {
    pairs: labelled.length,
    agreement: said.filter((one, at) => one === wanted[at]).length / labelled.length,
    kappa: estimate,
    interval: corrected,
  } satisfies HumanAgreement;
}
