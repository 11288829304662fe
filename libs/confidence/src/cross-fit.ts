/** Which of `folds` parts each row belongs to: every label is spread over all of them, in the order of the rows. */
export function foldsOf(labels: ArrayLike<number>, folds: number): Int32Array {
  const seen = new Map<number, number>();
  return Int32Array.from(labels, (label) => {
    // Rare labels would all start in the first fold.
    const count = seen.get(label) ?? label;
    seen.set(label, count + 1);
    return count % folds;
  });
}

/**
 * Answers about every row from a model that has not seen it (cross-fitting): the rows are cut into `folds` parts, and
 * each part is answered by what `fit` makes of all the others. What is calibrated on these answers is calibrated on
 * unseen rows without giving any up, slightly on the cautious side: each model has seen fewer rows than the final one.
 *
 * @param fit gets the rows to learn from and gives the function that answers for a row
 */
export function crossFit<Answer>(
  labels: ArrayLike<number>,
  folds: number,
  fit: (learnFrom: Int32Array, fold: number) => (row: number) => Answer,
): Answer[] {
  const fold = foldsOf(labels, folds);
  const rows = Int32Array.from(fold.keys());
  const answers = new Array<Answer>(rows.length);
  for (let part = 0; part < folds; part += 1) {
    const answer = fit(
      rows.filter((row) => fold[row] !== part),
      part,
    );
    for (const row of rows) if (fold[row] === part) answers[row] = answer(row);
  }
  return answers;
}
