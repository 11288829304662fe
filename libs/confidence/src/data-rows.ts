import { createHash } from 'node:crypto';

/**
 * A text as near-duplicates of it read too: compatibility forms unified, lower case, punctuation and white space folded into
 * single spaces. A text of nothing but those stays what it is.
 */
export function foldText(text: string): string {
  const plain = text.normalize('NFKC').toLowerCase();
  const folded = plain.replace(/[\p{P}\p{Z}\p{C}]+/gu, ' ').trim();
  return folded === '' ? plain.trim() : folded;
}

/** The name of a row in certificates and in the ledger of spent data: SHA-256 of the folded text, in hexadecimal. */
export function rowHash(text: string): string {
  return sha256(foldText(text));
}

/** One row as it was certified on: its {@link rowHash} and the label it had. */
export interface LabelledHash {
  readonly row: string;
  readonly label: string;
}

/** "sha256:" and the hash of the rows with their labels, whatever their order. */
export function dataHash(rows: readonly LabelledHash[]): string {
  const lines = rows.map(({ row, label }) => `${row} ${label}\n`).sort();
  return `sha256:${sha256(lines.join(''))}`;
}

/**
 * Rows of which no two have the same folded text or belong to the same customer thread, so that they count as independent.
 * Of those that belong together the first stays: rows come in an order that has nothing to do with their outcome, as they
 * arrived or shuffled.
 *
 * @param threadOf undefined for a row that is a thread of its own
 */
export function oneOfEach<Row>(
  rows: readonly Row[],
  textOf: (row: Row) => string,
  threadOf: (row: Row) => string | undefined,
): Row[] {
  const texts = new Set<string>();
  const threads = new Set<string>();
  return rows.filter((row) => {
    const text = foldText(textOf(row));
    const thread = threadOf(row);
    if (texts.has(text) || (thread !== undefined && threads.has(thread))) return false;
    texts.add(text);
    if (thread !== undefined) threads.add(thread);
    return true;
  });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
