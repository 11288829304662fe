import type { Spellings } from '@spillway/confidence/label-score';

const LETTERS = 26;
/** Labels that begin with as many equal letters may begin with the same token. */
const ALIKE = 3;

/**
 * A code for each label where one token of its name would not tell it from the others; undefined where it would, and
 * names, which say what they mean, are better. One letter up to 26 labels; beyond, two letters, of which the first differ
 * as long as they can, for tokenisers that split them. Code to label, in the order of the labels.
 */
export function labelCodes(labels: readonly string[]): Spellings | undefined {
  const beginnings = new Set(labels.map((label) => label.slice(0, ALIKE)));
  if (beginnings.size === labels.length || labels.length > LETTERS ** 2) return undefined;
  const letter = (index: number): string => String.fromCharCode(65 + index);
  const code = (index: number): string =>
    labels.length <= LETTERS ? letter(index) : letter(index % LETTERS) + letter(Math.floor(index / LETTERS));
  return new Map(labels.map((label, index) => [code(index), label]));
}
