import type { StepCompletedInit } from '@spillway/models/runner';
import type { LabelledStep, Labels } from './dataset.js';

const moods = ['', 'negative', 'neutral', 'positive'] as const;

/** The mood that an answer names; empty where it names none. */
export const moodOf = ({ result }: Pick<StepCompletedInit, 'result'>): string =>
  result?.case === 'sentiment' ? (moods[result.value.mood ?? 0] ?? '') : '';

/** Values as they are compared: written forms differ in case and white space, and mean the same. */
const folded = (value: string): string => value.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase();

/** The values that an answer gives for each field, as its label would list them. */
export function fieldsOf(
  completed: Pick<StepCompletedInit, 'result'>,
): Readonly<Record<string, readonly string[]>> {
  const found: Record<string, string[]> = {};
  if (completed.result?.case !== 'extraction') return found;
  for (const { name, value } of completed.result.value.fields ?? []) {
    if (name === undefined || value === undefined) continue;
    found[name] = [...(found[name] ?? []), value];
  }
  return found;
}

/** Whether both hold the same values, whatever their order, case and white space. */
export function sameValues(one: readonly string[], other: readonly string[]): boolean {
  const [first, second] = [new Set(one.map(folded)), new Set(other.map(folded))];
  return first.size === second.size && [...first].every((value) => second.has(value));
}

const sameFields = (
  said: Readonly<Record<string, readonly string[]>>,
  label: Readonly<Record<string, readonly string[]>>,
): boolean =>
  [...new Set([...Object.keys(said), ...Object.keys(label)])].every((name) =>
    sameValues(said[name] ?? [], label[name] ?? []),
  );

/**
 * Whether a step's answer is what the label says: the label itself, the mood, or all fields with all their values and no
 * others. An answer that failed is wrong.
 */
export function isRight<S extends LabelledStep>(
  step: S,
  completed: Pick<StepCompletedInit, 'result'>,
  label: Labels[S],
): boolean {
  const { result } = completed;
  switch (step) {
    case 'classify':
      return result?.case === 'classification' && result.value.label === label;
    case 'sentiment':
      return moodOf(completed) === label;
    default:
      return result?.case === 'extraction' && sameFields(fieldsOf(completed), label as Labels['extract']);
  }
}
