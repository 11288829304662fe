/**
 * PostgreSQL holds every text but U+0000 and lone surrogates, and both can stand in what a customer or a model writes.
 * They are stored as U+FFFF, which is no character, and the four hexadecimal digits of
 * the code unit; so is U+FFFF itself, which makes reading exact.
 */
const MARK = '\uffff';
const refused = /[\0\uffff]|\p{Surrogate}/gu;
const escaped = /\uffff([0-9a-f]{4})/g;

/** The text as it is stored. Any other text stays as it is. */
export function storedText(text: string): string {
  if (text.isWellFormed() && !text.includes('\0') && !text.includes(MARK)) return text;
  return text.replace(refused, (unit) => MARK + unit.charCodeAt(0).toString(16).padStart(4, '0'));
}

/** The text that `storedText` was given. */
export const originalText = (stored: string): string =>
  stored.includes(MARK)
    ? stored.replace(escaped, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    : stored;

/** A row as it was written: every text in it is the original one. */
export function originalRow<R extends object>(row: R): R {
  const entries = Object.entries(row).map(([name, value]) => [
    name,
    typeof value === 'string' ? originalText(value) : value,
  ]);
  return Object.fromEntries(entries) as R;
}
