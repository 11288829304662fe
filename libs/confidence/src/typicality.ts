import { logit, sigmoid } from './log-odds.js';

/**
 * How much of a message's vocabulary is usually known, by its length: logit(share known) is normal around
 * `intercept + slope · ln(words)`, with the variance `variance + variancePerWord / words` below that.
 */
export interface Typicality {
  readonly intercept: number;
  readonly slope: number;
  readonly variance: number;
  readonly variancePerWord: number;
  /** Longer messages count as this long: beyond what was seen nothing is extrapolated. */
  readonly longest: number;
}

/** What a message looks like from the outside. */
export interface Familiarity {
  /** Share of the message's features that the model knows, 0 to 1. */
  readonly coverage: number;
  readonly words: number;
}

/** From here on a message is a copy of training messages: it says nothing about how new ones look. */
const COPIED = 0.995;
const shareOf = (coverage: number): number => logit(Math.min(COPIED, Math.max(1 - COPIED, coverage)));

/** Least-squares line through the points, flat where all x are the same. */
function line(xs: readonly number[], ys: readonly number[]): { intercept: number; slope: number } {
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
  const [x0, y0] = [mean(xs), mean(ys)];
  const spread = xs.reduce((sum, x) => sum + (x - x0) ** 2, 0);
  const together = xs.reduce((sum, x, at) => sum + (x - x0) * ((ys[at] as number) - y0), 0);
  const slope = spread < 1e-9 ? 0 : together / spread;
  return { intercept: y0 - slope * x0, slope };
}

/**
 * What is usual before anything is known; it counts as thirty messages. Some hundred real ones outweigh it, but a few
 * made from one mould do not prove that customers write from it.
 */
const EXPECTED: readonly Familiarity[] = [4, 8, 12, 16, 24, 32].flatMap((words) =>
  [0.6, 0.72, 0.8, 0.87, 0.93].map((coverage) => ({ coverage, words })),
);

/** Learns what unseen messages of the domain look like. Messages without words and copies are left out. */
export function fitTypicality(messages: readonly Familiarity[]): Typicality {
  const real = messages.filter(({ words, coverage }) => words > 0 && coverage < COPIED);
  const lengths = (real.length > 0 ? real : EXPECTED).map(({ words }) => words).sort((a, b) => a - b);
  const longest = lengths[Math.floor(0.95 * (lengths.length - 1))] as number;
  const seen = [...EXPECTED, ...real];
  const xs = seen.map(({ words }) => Math.log(Math.min(words, longest)));
  const ys = seen.map(({ coverage }) => shareOf(coverage));
  const centre = line(xs, ys);
  // Only what lies below counts: strangers are never above.
  const below = xs
    .map((x, at) => ({ words: Math.exp(x), gap: (ys[at] as number) - centre.intercept - centre.slope * x }))
    .filter(({ gap }) => gap < 0);
  const squares = below.map(({ gap }) => gap * gap);
  const mean = squares.reduce((sum, one) => sum + one, 0) / squares.length;
  const spread = line(
    below.map(({ words }) => 1 / words),
    squares,
  );
  const grows = spread.slope > 0;
  return {
    ...centre,
    variance: Math.max(0.25 * mean, grows ? spread.intercept : mean),
    variancePerWord: grows ? spread.slope : 0,
    longest,
  };
}

/** Distance below the usual, in standard deviations: 0 is usual, -3 is rare. Above the usual it is positive. */
export function typicalityOf(typical: Typicality, { coverage, words }: Familiarity): number {
  const length = Math.min(Math.max(1, words), typical.longest);
  const usual = typical.intercept + typical.slope * Math.log(length);
  return (shareOf(coverage) - usual) / Math.sqrt(typical.variance + typical.variancePerWord / length);
}

/** Standard deviations below the usual up to which nothing is held against a message: one in forty goes further. */
const USUAL = 2;
/** Where a message is as likely foreign as not. */
const FOREIGN = 3.5;
const STEEPNESS = 2;
/** Beyond this a message is foreign, and farther is no more so. */
const FARTHEST = 5;

/**
 * Confidence in a label, lowered for messages unlike the training's: each standard deviation beyond two costs two units
 * of log-odds, and the whole is capped by σ(2 · (distance + 3.5)), the probability that the message belongs to the
 * domain at all. What is usual stays as it is. A score to be calibrated ({@link fitPlatt}), not yet a probability.
 */
export function temperedByTypicality(probability: number, distance: number): number {
  const near = Math.max(-FARTHEST, distance);
  const doubted = sigmoid(logit(probability) + STEEPNESS * Math.min(0, near + USUAL));
  return doubted * sigmoid(STEEPNESS * (near + FOREIGN));
}
