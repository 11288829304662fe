/** A number with its noun, as people say it: "1 row", "2,000 rows". */
export const counted = (number: number | bigint, noun: string): string =>
  `${number.toLocaleString('en')} ${noun}${Number(number) === 1 ? '' : 's'}`;
