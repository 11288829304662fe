/**
 * Expected calibration error over bins of equal width: Σ_b (n_b / n) · |accuracy_b - mean confidence_b| (Naeini, Cooper
 * and Hauskrecht 2015). 0 to 1; 0 without rows. Biased upwards on small sets: also perfectly calibrated rows give more
 * than 0.
 */
export function calibrationError(
  confidences: ArrayLike<number>,
  right: ArrayLike<boolean>,
  bins = 15,
): number {
  const inBin = Array.from({ length: bins }, () => ({ confidence: 0, right: 0 }));
  for (let at = 0; at < confidences.length; at += 1) {
    const confidence = confidences[at] as number;
    const bin = inBin[Math.min(bins - 1, Math.max(0, Math.floor(confidence * bins)))];
    if (bin === undefined) continue;
    bin.confidence += confidence;
    bin.right += right[at] ? 1 : 0;
  }
  return gap(inBin, confidences.length);
}

/**
 * The same over bins of equal mass (adaptive calibration error; Nguyen and O'Connor 2015): rows sorted by confidence and
 * cut into parts of the same size, so that no bin is almost empty. Rows of one confidence may fall into two bins.
 */
export function adaptiveCalibrationError(
  confidences: ArrayLike<number>,
  right: ArrayLike<boolean>,
  bins = 15,
): number {
  const order = Array.from(confidences, (_, at) => at).sort(
    (a, b) => (confidences[a] as number) - (confidences[b] as number),
  );
  const inBin = Array.from({ length: bins }, () => ({ confidence: 0, right: 0 }));
  for (const [rank, at] of order.entries()) {
    const bin = inBin[Math.floor((rank * bins) / order.length)];
    if (bin === undefined) continue;
    bin.confidence += confidences[at] as number;
    bin.right += right[at] ? 1 : 0;
  }
  return gap(inBin, order.length);
}

function gap(bins: readonly { confidence: number; right: number }[], rows: number): number {
  if (rows === 0) return 0;
  return bins.reduce((sum, bin) => sum + Math.abs(bin.right - bin.confidence), 0) / rows;
}

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

/**
 * The largest share of rows that one threshold accepts with at least `accuracy` of them right, chosen in hindsight: a
 * description of the ranking, no promise about other rows. Rows of one confidence are accepted together.
 */
export function coverageAt(
  accuracy: number,
  confidences: ArrayLike<number>,
  right: ArrayLike<boolean>,
): number {
  const order = Array.from(confidences, (_, at) => at).sort(
    (a, b) => (confidences[b] as number) - (confidences[a] as number),
  );
  let hits = 0;
  let covered = 0;
  for (const [rank, at] of order.entries()) {
    hits += right[at] ? 1 : 0;
    const next = order[rank + 1];
    if (next !== undefined && confidences[next] === confidences[at]) continue;
    if (hits >= accuracy * (rank + 1)) covered = (rank + 1) / order.length;
  }
  return covered;
}

/**
 * The {@link calibrationError} to expect of perfectly calibrated rows with these confidences: outcomes are redrawn from
 * the confidences `rounds` times. What is measured means little as long as it is not well above this.
 *
 * @param random numbers from 0 to 1
 */
export function calibrationNoise(
  confidences: ArrayLike<number>,
  random: () => number,
  { bins = 15, rounds = 200 }: { readonly bins?: number; readonly rounds?: number } = {},
): number {
  let sum = 0;
  for (let round = 0; round < rounds; round += 1) {
    const right = Array.from(confidences, (confidence) => random() < confidence);
    sum += calibrationError(confidences, right, bins);
  }
  return sum / rounds;
}
