import { Fault } from '@spillway/contracts/fault';

/** A rising curve through knots: straight between them, level beyond the first and the last. */
export interface Isotonic {
  /** Of the knots, strictly rising. */
  readonly scores: readonly number[];
  /** Of the knots, never falling, inside 0 to 1. */
  readonly probabilities: readonly number[];
}

/** The curve's value at a score. Allocates nothing. */
export function applyIsotonic({ scores, probabilities }: Isotonic, score: number): number {
  const last = scores.length - 1;
  if (score <= (scores[0] as number)) return probabilities[0] as number;
  if (score >= (scores[last] as number)) return probabilities[last] as number;
  let below = 0;
  let above = last;
  while (above - below > 1) {
    const middle = (below + above) >>> 1;
    if ((scores[middle] as number) <= score) below = middle;
    else above = middle;
  }
  const from = probabilities[below] as number;
  const to = probabilities[above] as number;
  const start = scores[below] as number;
  // The rounding of a product could step over the next knot.
  return Math.min(to, from + ((to - from) * (score - start)) / ((scores[above] as number) - start));
}

/** Neighbouring rows that get one probability. */
interface Block {
  rows: number;
  lowest: number;
  highest: number;
  right: number;
}

/** Rows of equal score as one block, by rising score. */
function tied(scores: ArrayLike<number>, right: ArrayLike<boolean>): Block[] {
  const order = Array.from(scores, (_, at) => at).sort(
    (a, b) => (scores[a] as number) - (scores[b] as number),
  );
  const blocks: Block[] = [];
  for (const at of order) {
    const score = scores[at] as number;
    let block = blocks[blocks.length - 1];
    if (block?.lowest !== score) {
      block = { rows: 0, lowest: score, highest: score, right: 0 };
      blocks.push(block);
    }
    block.rows += 1;
    block.right += right[at] ? 1 : 0;
  }
  return blocks;
}

const violates = (before: Block, after: Block) => before.right * after.rows >= after.right * before.rows;

/**
 * Isotonic regression by pooling adjacent violators (Ayer et al. 1955; Zadrozny and Elkan 2002): the never falling step
 * function with the least squared error, level over the scores of one step and straight from a step to the next. Scores
 * of one step come out equal: a threshold then stands between steps. The targets are those of {@link fitPlatt}, so that
 * no probability is 0 or 1. Follows any rising curve; wants a thousand outcomes and more.
 *
 * @throws Fault `rejected` without any outcomes
 */
export function fitIsotonic(scores: ArrayLike<number>, right: ArrayLike<boolean>): Isotonic {
  if (scores.length === 0) throw new Fault('rejected', 'a calibration cannot be fitted to no outcomes');
  const pooled: Block[] = [];
  for (const block of tied(scores, right)) {
    let top = pooled[pooled.length - 1];
    while (top !== undefined && violates(top, block)) {
      block.rows += top.rows;
      block.lowest = top.lowest;
      block.right += top.right;
      pooled.pop();
      top = pooled[pooled.length - 1];
    }
    pooled.push(block);
  }
  const positives = pooled.reduce((sum, block) => sum + block.right, 0);
  const high = (positives + 1) / (positives + 2);
  const low = 1 / (scores.length - positives + 2);
  const knots = pooled.flatMap(({ lowest, highest, ...block }) => {
    const probability = low + (high - low) * (block.right / block.rows);
    return (lowest === highest ? [lowest] : [lowest, highest]).map((score) => ({ score, probability }));
  });
  return {
    scores: knots.map(({ score }) => score),
    probabilities: knots.map(({ probability }) => probability),
  };
}
