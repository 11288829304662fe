import type { Pack } from '@spillway/pack/pack';
import type { LabelledStep } from './dataset.js';

const folded = (text: string): string => text.trim().toLowerCase();

/** Steps that the embedded models learn from the pack's examples. */
const learned: readonly string[] = ['classify', 'sentiment'] satisfies LabelledStep[];

/**
 * The rows that an embedded model was not trained on: no model is a judge of what it learned by heart. Steps that learn
 * nothing from the pack's examples keep all of their rows.
 */
export function unseenRows<T extends { readonly input: { readonly text: string } }>(
  step: string,
  rows: readonly T[],
  pack: Pick<Pack, 'intents'>,
): readonly T[] {
  if (!learned.includes(step)) return rows;
  const known = new Set(pack.intents.flatMap(({ examples }) => examples.map(({ text }) => folded(text))));
  return rows.filter(({ input }) => !known.has(folded(input.text)));
}
