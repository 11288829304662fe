import { clopperPearson, type Interval } from '@spillway/confidence/binomial';
import { bootstrapInterval, meanOf, type Statistic } from '../statistics/bootstrap.js';
import type { GradedAnswer } from './graded.js';

/** A figure with what the choice of the rows leaves open about it. */
export interface Figure {
  readonly value: number;
  /** 95 %. */
  readonly interval: Interval;
}

/** What is right, and at which price, when the rows are answered in one way. */
export interface Line {
  readonly name: string;
  /** Share of the rows that are right. */
  readonly accuracy: Figure;
  /** Absent where the step has none. */
  readonly f1?: Figure;
  /** Share of the rows that the big model is asked for. */
  readonly sent: number;
  /** Nano-dollars for 1,000 messages as they were billed; undefined: unknown. */
  readonly nanosPerThousand: bigint | undefined;
  /** The same tokens at the prices of the reference models: a projection; undefined: unknown. */
  readonly referencePerThousand: bigint | undefined;
  /** Milliseconds. */
  readonly latency: { readonly p50: number; readonly p95: number; readonly mean: number };
}

/** One way to answer all rows: for each of them the weights, 0 to 1, with which the two models' answers count and are paid. */
export interface Way {
  readonly name: string;
  readonly asksSmall: boolean;
  /** For each row the chance that the big model is asked, and its answer taken. */
  readonly sent: readonly number[];
}

export interface LineOptions {
  readonly small: readonly GradedAnswer[];
  readonly big: readonly GradedAnswer[];
  /** Rows of one conversation are drawn together. */
  readonly clusters: readonly (string | undefined)[];
  /** The step's F1 of these answers, as a figure of the rows that are drawn. */
  readonly f1?: (answers: readonly GradedAnswer[]) => Statistic;
  /** Numbers from 0 to 1, seeded anew for each line. */
  readonly random: () => () => number;
}

/** Works one way out. Intervals are exact for shares of single messages, and drawn by conversation where there are any. */
export function lineOf(way: Way, options: LineOptions): Line {
  const { small, big } = options;
  const expected = Float64Array.from(way.sent, (share, at) => expectedRight(share, small[at], big[at]));
  const f1 = f1Of(way, options);
  return {
    name: way.name,
    accuracy: shareFigure(expected, options),
    ...(f1 === undefined ? {} : { f1 }),
    sent: way.sent.reduce((sum, share) => sum + share, 0) / way.sent.length,
    ...lineCosts(way, options),
    latency: latencyOf(way, options),
  };
}

/** What 1,000 messages cost in one way. */
export const lineCosts = (
  way: Pick<Way, 'asksSmall' | 'sent'>,
  options: Pick<LineOptions, 'small' | 'big'>,
): Pick<Line, 'nanosPerThousand' | 'referencePerThousand'> => ({
  nanosPerThousand: costPerThousand(way, options, ({ costNanos }) => costNanos),
  referencePerThousand: costPerThousand(way, options, ({ referenceNanos }) => referenceNanos),
});

const expectedRight = (
  share: number,
  small: GradedAnswer | undefined,
  big: GradedAnswer | undefined,
): number => (1 - share) * Number(small?.right ?? false) + share * Number(big?.right ?? false);

function shareFigure(values: Float64Array, { clusters, random }: LineOptions): Figure {
  const value = values.reduce((sum, one) => sum + one, 0) / values.length;
  const whole = values.every((one) => one === 0 || one === 1);
  if (whole && clusters.every((name) => name === undefined)) {
    const right = values.reduce((sum, one) => sum + one, 0);
    return { value, interval: clopperPearson(right, values.length, 0.95) };
  }
  // Where every conversation is right throughout, or wrong, drawing them again shows nothing: each is one that is.
  if (value === 0 || value === 1) {
    const conversations = new Set(clusters.map((name, at) => name ?? at)).size;
    return { value, interval: clopperPearson(value * conversations, conversations, 0.95) };
  }
  const { corrected } = bootstrapInterval(values.length, meanOf(values), { random: random(), clusters });
  return { value, interval: corrected };
}

/** Routings drawn to see what one that looks at nothing does to F1. */
const ROUTINGS = 50;

function f1Of(way: Way, { small, big, clusters, f1, random }: LineOptions): Figure | undefined {
  if (f1 === undefined) return undefined;
  const routed = (draw: () => number): Statistic =>
    f1(way.sent.map((share, at) => (draw() < share ? big[at] : small[at]) as GradedAnswer));
  const certain = way.sent.every((share) => share === 0 || share === 1);
  const draw = random();
  const statistics = Array.from({ length: certain ? 1 : ROUTINGS }, () => routed(draw));
  const mean: Statistic = (rows) =>
    statistics.reduce((sum, statistic) => sum + statistic(rows), 0) / statistics.length;
  const rounds = certain ? 2_000 : 200;
  const { estimate, corrected } = bootstrapInterval(small.length, mean, {
    random: random(),
    clusters,
    rounds,
  });
  return { value: estimate, interval: corrected };
}

const MILLION = 1_000_000n;

/** Exact but for one rounding: shares are taken to the millionth. */
function costPerThousand(
  { asksSmall, sent }: Pick<Way, 'asksSmall' | 'sent'>,
  { small, big }: Pick<LineOptions, 'small' | 'big'>,
  nanosOf: (answer: GradedAnswer) => bigint | undefined,
): bigint | undefined {
  let sum = 0n;
  for (const [at, share] of sent.entries()) {
    const asked = [
      ...(asksSmall ? [{ answer: small[at], millionths: MILLION }] : []),
      ...(share > 0 ? [{ answer: big[at], millionths: BigInt(Math.round(share * 1e6)) }] : []),
    ];
    for (const { answer, millionths } of asked) {
      const nanos = answer === undefined ? undefined : nanosOf(answer);
      if (nanos === undefined) return undefined;
      sum += nanos * millionths;
    }
  }
  const rows = BigInt(sent.length) * MILLION;
  return rows === 0n ? undefined : (sum * 1_000n + rows / 2n) / rows;
}

/** Both models one after the other where both are asked. */
function latencyOf({ asksSmall, sent }: Way, { small, big }: LineOptions): Line['latency'] {
  const times = sent
    .flatMap((share, at) => {
      const first = asksSmall ? (small[at]?.latencyMs ?? 0) : 0;
      return [
        { ms: first, weight: 1 - share },
        { ms: first + (big[at]?.latencyMs ?? 0), weight: share },
      ];
    })
    .filter(({ weight }) => weight > 0)
    .sort((one, other) => one.ms - other.ms);
  const all = times.reduce((sum, { weight }) => sum + weight, 0);
  const quantile = (share: number): number => {
    let seen = 0;
    for (const { ms, weight } of times) {
      seen += weight;
      if (seen >= share * all) return ms;
    }
    return times.at(-1)?.ms ?? Number.NaN;
  };
  const mean = times.reduce((sum, { ms, weight }) => sum + ms * weight, 0) / all;
  return { p50: quantile(0.5), p95: quantile(0.95), mean };
}
