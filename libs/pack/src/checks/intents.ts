import { OUT_OF_SCOPE } from '../pack.js';
import type { PackParts } from '../parts.js';
import { type PackProblem, quoted } from '../problems.js';
import { duplicates, entriesOf, namesOf, problemAt } from './names.js';

/** Labels are unique, strangers have a label of their own, and no text teaches two labels. */
export function checkIntents({ intents }: PackParts): readonly PackProblem[] {
  const list = intents.readable?.intents;
  const labels = namesOf(list, (intent) => intent.label);
  const problems = duplicates(
    intents,
    entriesOf(list, ['intents']).map(([intent, path]) => [intent.label, [...path, 'label']]),
  );
  if (labels !== undefined && !labels.has(OUT_OF_SCOPE)) {
    const message = `no intent is labelled ${OUT_OF_SCOPE}: add one, with examples of what is none of your business`;
    problems.push(problemAt(intents, ['intents'], message));
  }
  return [...problems, ...contradictions({ intents })];
}

function contradictions({ intents }: Pick<PackParts, 'intents'>): PackProblem[] {
  const first = new Map<string, { readonly label: string; readonly line: number | undefined }>();
  const problems: PackProblem[] = [];
  for (const [intent, path] of entriesOf(intents.readable?.intents, ['intents'])) {
    if (intent.label === undefined) continue;
    for (const [example, at] of entriesOf(intent.examples, [...path, 'examples'])) {
      const text = normalised(example.text ?? '');
      const other = first.get(text);
      if (other === undefined) {
        first.set(text, { label: intent.label, line: intents.place(at).line });
      } else if (other.label !== intent.label) {
        const message = `the same example stands under ${quoted(other.label)} in line ${other.line}: keep one`;
        problems.push(problemAt(intents, at, message));
      }
    }
  }
  return problems;
}

/** Letters and digits only: what differs in case and punctuation is one message. A text without any stays as it is. */
function normalised(text: string): string {
  const folded = text.normalize('NFKC').toLowerCase();
  return folded.replace(/[^\p{L}\p{N}]+/gu, ' ').trim() || folded;
}
