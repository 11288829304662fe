import type { Results, StepAnswer } from './case.js';

const folded = (value: string): string =>
  value.normalize('NFKC').trim().replaceAll(/\s+/g, ' ').toLocaleLowerCase('und');

/**
 * An answer in the form in which two answers of its step are compared: equal forms, equal answers. A label is itself, a
 * mood too; fields are the set of their names and values, whatever their order and letter case. Undefined for a step
 * that failed, and for a text: two good replies are never equal.
 */
export function comparable({ step, result }: StepAnswer): string | undefined {
  if (result === undefined) return undefined;
  switch (step) {
    case 'classify':
      return JSON.stringify([step, (result as Results['classify']).label]);
    case 'sentiment':
      return JSON.stringify([step, (result as Results['sentiment']).mood]);
    case 'extract': {
      const { fields } = result as Results['extract'];
      const pairs = fields.map(({ name, value }) => JSON.stringify([name, folded(value)]));
      return JSON.stringify([step, ...[...new Set(pairs)].sort()]);
    }
    default:
      return undefined;
  }
}
