import type { Results, StepAnswer } from './case.js';

const folded = (value: string): string =>
  value.normalize('NFKC').trim().replaceAll(/\s+/g, ' ').toLocaleLowerCase('und');

/** Fields in the form in which they are compared: the set of their names and values, whatever order and letter case. */
export function comparableFields(
  fields: readonly { readonly name: string; readonly value: string }[],
): string {
  const pairs = fields.map(({ name, value }) => JSON.stringify([name, folded(value)]));
  return JSON.stringify([...new Set(pairs)].sort());
}

/**
 * An answer in the form in which two answers of its step are compared: equal forms, equal answers. Undefined for a
 * step that failed, and for a text: two good replies are never equal.
 */
export function comparable({ step, result }: StepAnswer): string | undefined {
  if (result === undefined) return undefined;
  switch (step) {
    case 'classify':
      return JSON.stringify([step, (result as Results['classify']).label]);
    case 'sentiment':
      return JSON.stringify([step, (result as Results['sentiment']).mood]);
    case 'extract':
      return JSON.stringify([step, comparableFields((result as Results['extract']).fields)]);
    default:
      return undefined;
  }
}
