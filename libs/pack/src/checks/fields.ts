import { RE2JS } from 're2js';
import { MACRO_NAMES } from '../pack.js';
import type { PackParts } from '../parts.js';
import { type PackProblem, quoted } from '../problems.js';
import { duplicates, entriesOf, problemAt } from './names.js';

/** Names are unique and free, patterns stand where they are used, and each runs in time linear in the text. */
export function checkFields({ fields }: PackParts): readonly PackProblem[] {
  const list = entriesOf(fields.readable?.fields, ['fields']);
  const problems = duplicates(
    fields,
    list.map(([field, path]) => [field.name, [...path, 'name']]),
  );
  for (const [field, path] of list) {
    const say = (key: string, message: string) => problems.push(problemAt(fields, [...path, key], message));
    const patterns = entriesOf(field.patterns, [...path, 'patterns']);
    if (field.name !== undefined && (MACRO_NAMES as readonly string[]).includes(field.name)) {
      say('name', `${quoted(field.name)} has a meaning of its own in macros: choose another name`);
    }
    if (field.kind === 'pattern' && field.patterns?.length === 0) {
      say('kind', 'a field of kind "pattern" needs "patterns": write at least one');
    }
    if (field.kind !== undefined && field.kind !== 'pattern') {
      const message = `is used only with kind "pattern", not with ${quoted(field.kind)}: remove it`;
      if (patterns.length > 0) say('patterns', `"patterns" ${message}`);
      if (field.normalise !== undefined && field.normalise !== 'none')
        say('normalise', `"normalise" ${message}`);
    }
    for (const [source, at] of patterns) {
      const message = faultOf(source);
      if (message !== undefined) problems.push(problemAt(fields, at, message));
    }
  }
  return problems;
}

function faultOf(source: string): string | undefined {
  let expression: RE2JS;
  try {
    expression = RE2JS.compile(source, RE2JS.CASE_INSENSITIVE);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `the pattern is no RE2 expression (${reason}); there is no look-around and no back-reference`;
  }
  if (expression.groupCount() > 1) {
    return `the pattern has ${expression.groupCount()} groups, the value can be only one: write the others (?:...)`;
  }
  if (expression.matcher('').find())
    return 'the pattern matches the empty text: ask for at least one character';
  return undefined;
}
