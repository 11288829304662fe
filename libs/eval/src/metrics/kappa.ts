import type { Statistic } from '../statistics/bootstrap.js';

/**
 * `none` counts every disagreement alike. `quadratic` counts it by the square of the distance (Cohen 1968), for classes that
 * have an order, such as negative, neutral and positive.
 */
type KappaWeight = 'none' | 'quadratic';

/**
 * Agreement of two raters beyond what their habits give by chance, -1 to 1 (Cohen 1960): 1 - Σ w·observed / Σ w·expected.
 * NaN where neither rater ever names a second class. A rating that is not among the classes (no answer) disagrees with
 * everything, by as much as is possible.
 */
export function kappaOf(
  one: readonly (string | undefined)[],
  other: readonly (string | undefined)[],
  classes: readonly string[],
  weight: KappaWeight,
): Statistic {
  const [first, second] = [codesOf(one, classes), codesOf(other, classes)];
  return (drawn) => kappa(first, second, { drawn, classes: classes.length, weight });
}

function kappa(
  first: Int32Array,
  second: Int32Array,
  options: { readonly drawn: Int32Array; readonly classes: number; readonly weight: KappaWeight },
): number {
  const { drawn, classes, weight } = options;
  // The place after the last is no answer.
  const size = classes + 1;
  const observed = new Float64Array(size * size);
  const [rows, columns] = [new Float64Array(size), new Float64Array(size)];
  for (const at of drawn) {
    const [row, column] = [first[at] as number, second[at] as number];
    (observed[row * size + column] as number) += 1;
    (rows[row] as number) += 1;
    (columns[column] as number) += 1;
  }
  let [disagreed, byChance] = [0, 0];
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      const cost = costOf(row, column, classes, weight);
      disagreed += cost * (observed[row * size + column] as number);
      byChance += (cost * (rows[row] as number) * (columns[column] as number)) / drawn.length;
    }
  }
  return 1 - disagreed / byChance;
}

function codesOf(ratings: readonly (string | undefined)[], classes: readonly string[]): Int32Array {
  return Int32Array.from(ratings, (rating) => {
    const code = rating === undefined ? -1 : classes.indexOf(rating);
    return code === -1 ? classes.length : code;
  });
}

function costOf(row: number, column: number, classes: number, weight: KappaWeight): number {
  if (row === column) return 0;
  if (weight === 'none') return 1;
  const farthest = classes - 1;
  return row === classes || column === classes ? farthest ** 2 : (row - column) ** 2;
}
