/**
 * Solves A·x = b for a symmetric, positive definite A, of which only the lower half is read, by Cholesky's method. A is
 * overwritten.
 */
export function solveSymmetric(a: readonly Float64Array[], b: readonly number[]): readonly number[] {
  const size = b.length;
  const at = (row: number, column: number): number => (a[row] as Float64Array)[column] as number;
  for (let j = 0; j < size; j += 1) {
    for (let i = j; i < size; i += 1) {
      let sum = at(i, j);
      for (let k = 0; k < j; k += 1) sum -= at(i, k) * at(j, k);
      (a[i] as Float64Array)[j] = i === j ? Math.sqrt(sum) : sum / at(j, j);
    }
  }
  const x = [...b];
  for (let i = 0; i < size; i += 1) {
    for (let k = 0; k < i; k += 1) (x[i] as number) -= at(i, k) * (x[k] as number);
    (x[i] as number) /= at(i, i);
  }
  for (let i = size - 1; i >= 0; i -= 1) {
    for (let k = i + 1; k < size; k += 1) (x[i] as number) -= at(k, i) * (x[k] as number);
    (x[i] as number) /= at(i, i);
  }
  return x;
}
