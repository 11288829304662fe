import { incompleteBeta } from '@spillway/confidence/incomplete-beta';

/** Chance that a number of Student's t distribution lies above `t`, for t >= 0. */
function upperTail(t: number, degrees: number): number {
  const sum = degrees + t * t;
  return incompleteBeta(degrees / sum, (t * t) / sum, degrees / 2, 0.5) / 2;
}

/**
 * The number that one of Student's t distribution is at most with this chance, 0 to 1 (both excluded).
 *
 * @param degrees of freedom, above 0
 */
export function tQuantile(chance: number, degrees: number): number {
  if (chance < 0.5) return -tQuantile(1 - chance, degrees);
  if (chance === 0.5) return 0;
  const tail = 1 - chance;
  let below = 0;
  let above = 1;
  while (upperTail(above, degrees) > tail) above *= 2;
  for (;;) {
    const middle = (below + above) / 2;
    if (middle <= below || middle >= above) return above;
    if (upperTail(middle, degrees) > tail) below = middle;
    else above = middle;
  }
}
