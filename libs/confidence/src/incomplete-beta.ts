/** ln Γ(z + 1) less Stirling's formula (z + 1/2) ln z - z + ln √2π, for z > 0. */
function stirlingError(z: number): number {
  let error = 0;
  let from = z;
  for (; from < 16; from += 1) error += (from + 0.5) * Math.log1p(1 / from) - 1;
  const square = from * from;
  return (
    error +
    (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) / square) / from
  );
}

/** x ln(x / mean) + mean - x, by a series where the terms would cancel. */
function deviance(x: number, mean: number): number {
  if (Math.abs(x - mean) >= 0.1 * (x + mean)) return x * Math.log(x / mean) + mean - x;
  const ratio = (x - mean) / (x + mean);
  let sum = (x - mean) * ratio;
  let power = 2 * x * ratio;
  for (let odd = 3; ; odd += 2) {
    power *= ratio * ratio;
    const next = sum + power / odd;
    if (next === sum) return sum;
    sum = next;
  }
}

/**
 * Γ(a + b + 1) / (Γ(a + 1) Γ(b + 1)) · x^a · y^b, with y = 1 - x (Loader 2000, "Fast and accurate computation of binomial
 * probabilities"): differences of logarithms of factorials of a million would keep too few digits.
 */
function binomialTerm(a: number, b: number, x: number, y: number): number {
  const total = a + b;
  const logarithm =
    stirlingError(total) -
    stirlingError(a) -
    stirlingError(b) -
    deviance(a, total * x) -
    deviance(b, total * y);
  return Math.sqrt(total / (2 * Math.PI * a * b)) * Math.exp(logarithm);
}

/** The continued fraction of the incomplete beta function by Lentz's method; converges for x < (a + 1) / (a + b + 2). */
function continuedFraction(x: number, a: number, b: number): number {
  let numerator = 1;
  let denominator = 1 / (1 - ((a + b) * x) / (a + 1));
  let fraction = denominator;
  for (let m = 1, factor = 0; Math.abs(factor - 1) > 2 * Number.EPSILON; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    denominator = 1 / (1 + even * denominator);
    numerator = 1 + even / numerator;
    fraction *= denominator * numerator;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    denominator = 1 / (1 + odd * denominator);
    numerator = 1 + odd / numerator;
    factor = denominator * numerator;
    fraction *= factor;
  }
  return fraction;
}

/**
 * The regularised incomplete beta function I_x(a, b) for real a, b > 0: the chance that a Beta(a, b) number is at most x.
 * Of `x` and `complement` = 1 - x both are given, because the smaller one would lose its digits in the subtraction.
 * Relative error under 1e-10 down to the smallest positive numbers, a and b up to a million.
 */
export function incompleteBeta(x: number, complement: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (complement <= 0) return 1;
  const term = binomialTerm(a, b, x, complement) / (a + b);
  if (x < (a + 1) / (a + b + 2)) return b * term * continuedFraction(x, a, b);
  return 1 - a * term * continuedFraction(complement, b, a);
}
