/** ln(p / (1 - p)), with p kept a little away from 0 and 1 so that it stays finite. */
export function logit(probability: number): number {
  const inside = Math.min(1 - 1e-7, Math.max(1e-7, probability));
  return Math.log(inside / (1 - inside));
}

/** The inverse of {@link logit}: 1 / (1 + e^-x). */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
