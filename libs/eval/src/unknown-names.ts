import { didYouMean } from '@spillway/pack/nearest';
import { OUT_OF_SCOPE, type Pack } from '@spillway/pack/pack';

/** What rows may speak of: labels and fields of a pack, since nothing else can ever be answered. */
export type KnownNames = Pick<Pack, 'intents' | 'fields'>;

/** A name that is longer is no name: it may be what a customer wrote. */
const LONGEST_NAME = 64;

const quoted = (name: string): string =>
  name.length > LONGEST_NAME ? `a text of ${name.length} characters` : JSON.stringify(name);

/** Says of each label and field of a row that the pack does not have; without a pack there is nothing to say. */
export function unknownNames(
  pack: KnownNames | undefined,
): (used: { readonly labels: readonly string[]; readonly fields: readonly string[] }) => readonly string[] {
  if (pack === undefined) return () => [];
  const labels = new Set([OUT_OF_SCOPE, ...pack.intents.map(({ label }) => label)]);
  const fields = new Set(pack.fields.map(({ name }) => name));
  const said = (names: readonly string[], known: ReadonlySet<string>, sentence: string): string[] =>
    names
      .filter((name) => !known.has(name))
      .map((name) => `${sentence} ${quoted(name)}${didYouMean(name, known)}`);
  return (used) => [
    ...said(used.labels, labels, 'no intent is labelled'),
    ...said(used.fields, fields, 'no field is called'),
  ];
}
