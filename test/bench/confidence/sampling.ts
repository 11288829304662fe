import { shuffle } from '@spillway/confidence/random';

/** So many rows at random, each as often as it comes: a sample of the traffic of which the rows are all there is. */
export function resample<Row>(rows: readonly Row[], count: number, random: () => number): readonly Row[] {
  return Array.from({ length: count }, () => rows[Math.floor(random() * rows.length)] as Row);
}

/** Parts the rows at random into so many and the others. */
export function split<Row>(
  rows: readonly Row[],
  count: number,
  random: () => number,
): { readonly chosen: readonly Row[]; readonly others: readonly Row[] } {
  const order = Int32Array.from(rows.keys());
  shuffle(order, random);
  const at = (places: Int32Array) => Array.from(places, (place) => rows[place] as Row);
  return { chosen: at(order.subarray(0, count)), others: at(order.subarray(count)) };
}

/** Mean of what is true, 0 to 1; NaN of nothing. */
export const shareOf = <Row>(rows: readonly Row[], counted: (row: Row) => boolean): number =>
  rows.filter(counted).length / rows.length;
