import type { Line } from '../lines.js';
import { didYouMean } from '../nearest.js';
import type { PackParts } from '../parts.js';
import { type PackProblem, quoted } from '../problems.js';
import { namesOf } from './names.js';

/** Evals and inbox: every line has an id of its own and speaks of labels and fields that exist. */
export function checkLines({ evals, inbox, intents, fields }: PackParts): readonly PackProblem[] {
  const labels = namesOf(intents.readable?.intents, (intent) => intent.label);
  const names = namesOf(fields.readable?.fields, (field) => field.name);
  const replies = [...evals.draft, ...evals.polish].flatMap(({ lines }) => lines);
  const sets = [...Object.values(evals).flat(), inbox];
  return [
    ...sets.flatMap(({ lines }) => repeatedIds(lines)),
    ...evals.classify.flatMap(({ lines }) =>
      lines.flatMap((line) => unknown(line, [line.value.label], labels, 'no intent is labelled')),
    ),
    ...evals.extract.flatMap(({ lines }) =>
      lines.flatMap((line) => unknown(line, Object.keys(line.value.fields), names, 'no field is called')),
    ),
    ...replies.flatMap((line) => [
      ...unknown(
        line,
        line.value.intent === undefined ? [] : [line.value.intent],
        labels,
        'no intent is labelled',
      ),
      ...unknown(line, Object.keys(line.value.fields), names, 'no field is called'),
    ]),
  ];
}

function unknown(
  { file, line }: Line<unknown>,
  used: readonly string[],
  known: ReadonlySet<string> | undefined,
  sentence: string,
): PackProblem[] {
  if (known === undefined) return [];
  return used
    .filter((name) => !known.has(name))
    .map((name) => ({
      file,
      ...(line && { line }),
      message: `${sentence} ${quoted(name)}${didYouMean(name, known)}`,
    }));
}

function repeatedIds(lines: readonly Line<{ readonly id: string }>[]): PackProblem[] {
  const first = new Map<string, number | undefined>();
  return lines.flatMap(({ file, line, value: { id } }) => {
    if (!first.has(id)) {
      first.set(id, line);
      return [];
    }
    const message = `the id ${quoted(id)} stands in line ${first.get(id)} already: change one of the two`;
    return [{ file, ...(line && { line }), message }];
  });
}
