/** Beyond this the density is 0 as a number of double precision. */
const FARTHEST = 38.6;

const density = (x: number): number => Math.exp(-(x * x) / 2) / Math.sqrt(2 * Math.PI);

/**
 * Chance that a standard normal number is at most `x`: Marsaglia's series (Journal of Statistical Software 2004, 11:4) near
 * the middle, Laplace's continued fraction in the tails. Relative error under 1e-12 in the lower tail too.
 */
export function normalCdf(x: number): number {
  if (x > 3) return 1 - normalCdf(-x);
  if (x < -FARTHEST) return 0;
  return x < -3 ? density(x) / tailFraction(-x) : 0.5 + density(x) * series(x);
}

function series(x: number): number {
  let sum = x;
  let term = x;
  for (let odd = 3; ; odd += 2) {
    term *= (x * x) / odd;
    if (sum + term === sum || Number.isNaN(term)) return sum;
    sum += term;
  }
}

/** x + 1 / (x + 2 / (x + 3 / ...)): enough terms for x of 3 and more. */
function tailFraction(x: number): number {
  let fraction = x;
  for (let term = 150; term > 0; term -= 1) fraction = x + term / fraction;
  return fraction;
}

/** The number that a standard normal one is at most with this chance: the inverse of {@link normalCdf}. ∓Infinity at 0 and 1. */
export function normalQuantile(chance: number): number {
  if (!(chance > 0)) return chance === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (chance > 0.5) return chance > 1 ? Number.NaN : -normalQuantile(1 - chance);
  let below = -FARTHEST;
  let above = 0;
  for (;;) {
    const middle = (below + above) / 2;
    if (middle <= below || middle >= above) return above;
    if (normalCdf(middle) < chance) below = middle;
    else above = middle;
  }
}
