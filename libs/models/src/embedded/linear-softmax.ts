import { seededRandom, shuffle } from '@spillway/confidence/random';

/** Weights of a softmax regression. */
export interface Softmax {
  readonly classes: number;
  /** Feature by feature, the classes of one feature side by side. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/** A text as the training sees it: what {@link Vector} holds, cut to length. */
export interface Row {
  readonly ids: Int32Array;
  readonly values: Float32Array;
}

export interface SoftmaxOptions {
  /** Passes over the examples. */
  readonly epochs?: number;
  /** Length of the first step. */
  readonly rate?: number;
  /** Share of the features hidden, anew each time an example is seen. */
  readonly dropout?: number;
  /** Features from this number on are never hidden: few and dense ones, of which none can stand in for another. */
  readonly shownFrom?: number;
  readonly seed?: number;
  /** Called after each pass with the share done. */
  readonly onProgress?: (share: number) => void;
}

/**
 * Adds up the weights of a vector's features into `scores`. Four features at a time: a score is then read and written
 * once for four products, and this loop is most of what an answer costs.
 */
export function score(
  { classes, weights, bias }: Softmax,
  ids: Int32Array,
  values: Float32Array,
  count: number,
  scores: Float64Array,
): void {
  scores.set(bias);
  const four = count & ~3;
  for (let at = 0; at < four; at += 4) {
    const v0 = values[at] as number;
    const v1 = values[at + 1] as number;
    const v2 = values[at + 2] as number;
    const v3 = values[at + 3] as number;
    const w0 = (ids[at] as number) * classes;
    const w1 = (ids[at + 1] as number) * classes;
    const w2 = (ids[at + 2] as number) * classes;
    const w3 = (ids[at + 3] as number) * classes;
    for (let k = 0; k < classes; k += 1) {
      (scores[k] as number) +=
        v0 * (weights[w0 + k] as number) +
        v1 * (weights[w1 + k] as number) +
        v2 * (weights[w2 + k] as number) +
        v3 * (weights[w3 + k] as number);
    }
  }
  for (let at = four; at < count; at += 1) {
    const value = values[at] as number;
    const from = (ids[at] as number) * classes;
    for (let k = 0; k < classes; k += 1) (scores[k] as number) += value * (weights[from + k] as number);
  }
}

/** Turns scores into probabilities, in place. */
function toProbabilities(scores: Float64Array): void {
  let top = Number.NEGATIVE_INFINITY;
  for (const one of scores) top = Math.max(top, one);
  let sum = 0;
  for (let k = 0; k < scores.length; k += 1) {
    const power = Math.exp((scores[k] as number) - top);
    scores[k] = power;
    sum += power;
  }
  for (let k = 0; k < scores.length; k += 1) (scores[k] as number) /= sum;
}

/** Adagrad's sums start here: the first steps are not endless. */
const FIRST_SQUARE = 0.01;

/**
 * Softmax regression by Adagrad with one step length per feature, falling to zero over the training. Features are
 * hidden at random (dropout), which keeps the weights small in the way L2 does, but less on rare features (Wager, Wang
 * and Liang 2013). Deterministic for a seed.
 */
export function fitSoftmax(
  rows: readonly Row[],
  labels: Int32Array,
  classes: number,
  features: number,
  { epochs = 20, rate = 0.5, dropout = 0.6, shownFrom = features, seed = 1, onProgress }: SoftmaxOptions = {},
): Softmax {
  const model = {
    classes,
    weights: new Float32Array(features * classes),
    bias: new Float32Array(classes),
  };
  const squares = new Float32Array(features).fill(FIRST_SQUARE);
  const step = stepper(model, squares);
  const random = seededRandom(seed);
  const order = Int32Array.from(rows.keys());
  const longest = rows.reduce((most, row) => Math.max(most, row.ids.length), 0);
  const shown = { ids: new Int32Array(longest), values: new Float32Array(longest), count: 0 };
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    shuffle(order, random);
    for (const [done, at] of order.entries()) {
      const row = rows[at] as Row;
      shown.count = show(row, { dropout, shownFrom, random }, shown);
      step(shown, labels[at] as number, rate * (1 - (epoch * rows.length + done) / (epochs * rows.length)));
    }
    onProgress?.((epoch + 1) / epochs);
  }
  return model;
}

interface Shown {
  readonly ids: Int32Array;
  readonly values: Float32Array;
  count: number;
}

/** Copies the features that are not hidden, stretched so that their expected sum stays the same. */
function show(
  row: Row,
  { dropout, shownFrom, random }: { dropout: number; shownFrom: number; random: () => number },
  shown: Shown,
): number {
  const stretch = 1 / (1 - dropout);
  let count = 0;
  for (let at = 0; at < row.ids.length; at += 1) {
    const id = row.ids[at] as number;
    const always = id >= shownFrom;
    if (!always && random() < dropout) continue;
    shown.ids[count] = id;
    shown.values[count++] = (row.values[at] as number) * (always ? 1 : stretch);
  }
  return count;
}

/** One step of gradient descent on one example. */
function stepper(model: Softmax, squares: Float32Array) {
  const { classes, weights, bias } = model;
  const slope = new Float64Array(classes);
  let biasSquare = FIRST_SQUARE;
  return ({ ids, values, count }: Shown, label: number, rate: number): void => {
    score(model, ids, values, count, slope);
    toProbabilities(slope);
    (slope[label] as number) -= 1;
    let size = 0;
    for (const one of slope) size += one * one;
    // Most of the slope lies on few classes, so its mean square over all of them would understate the steps taken.
    size *= 8 / classes;
    for (let at = 0; at < count; at += 1) {
      const id = ids[at] as number;
      const value = values[at] as number;
      const square = (squares[id] as number) + size * value * value;
      squares[id] = square;
      const length = (rate * value) / Math.sqrt(square);
      let to = id * classes;
      for (let k = 0; k < classes; k += 1, to += 1) (weights[to] as number) -= length * (slope[k] as number);
    }
    biasSquare += size;
    const length = (0.1 * rate) / Math.sqrt(biasSquare);
    for (let k = 0; k < classes; k += 1) (bias[k] as number) -= length * (slope[k] as number);
  };
}
