/** Mean of (confidence - outcome)² (Brier 1950): 0 is perfect, 0.25 is what always saying one half gets. 0 without rows. */
export function brierScore(confidences: ArrayLike<number>, right: ArrayLike<boolean>): number {
  let sum = 0;
  for (let at = 0; at < confidences.length; at += 1) {
    sum += ((confidences[at] as number) - (right[at] ? 1 : 0)) ** 2;
  }
  return confidences.length === 0 ? 0 : sum / confidences.length;
}

/** Mean of -ln of the probability given to what happened, in nats; a probability of 0 counts as 1e-12. 0 without rows. */
export function logLoss(confidences: ArrayLike<number>, right: ArrayLike<boolean>): number {
  let sum = 0;
  for (let at = 0; at < confidences.length; at += 1) {
    const confidence = confidences[at] as number;
    sum -= Math.log(Math.max(1e-12, right[at] ? confidence : 1 - confidence));
  }
  return confidences.length === 0 ? 0 : sum / confidences.length;
}

/**
 * Area under the ROC curve: the probability that a random positive scores above a random negative, ties counting half
 * (Mann-Whitney). NaN where one of the two is missing.
 */
export function auroc(scores: ArrayLike<number>, positive: ArrayLike<boolean>): number {
  const order = Array.from(scores, (_, at) => at).sort(
    (a, b) => (scores[a] as number) - (scores[b] as number),
  );
  let positives = 0;
  let rankSum = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && scores[order[to] as number] === scores[order[from] as number]) to += 1;
    for (let rank = from; rank < to; rank += 1) {
      if (!positive[order[rank] as number]) continue;
      positives += 1;
      rankSum += (from + to + 1) / 2;
    }
    from = to;
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * (order.length - positives));
}
