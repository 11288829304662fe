import type { TaskName } from '@spillway/policy/policy';
import { didYouMean } from '../nearest.js';
import { JUDGE_NAMES, MACRO_NAMES, OUT_OF_SCOPE, PROMPT_NAMES } from '../pack.js';
import type { Part } from '../part.js';
import type { PackParts } from '../parts.js';
import { type PackProblem, quoted } from '../problems.js';
import { placeholdersOf, strayBracesAt } from '../template.js';
import { duplicates, entriesOf, namesOf, type Path, problemAt } from './names.js';

/** Macros answer intents that exist, each intent has one, and their gaps are values that there can be. */
export function checkMacros({ macros, intents, fields, brand }: PackParts): readonly PackProblem[] {
  const list = entriesOf(macros.readable?.macros, ['macros']);
  const labels = namesOf(intents.readable?.intents, (intent) => intent.label);
  const fieldNames = namesOf(fields.readable?.fields, (field) => field.name);
  const problems = duplicates(
    macros,
    list.map(([macro, path]) => [macro.id, [...path, 'id']]),
  );
  for (const [{ intent, text }, path] of list) {
    if (intent !== undefined && labels !== undefined && !labels.has(intent)) {
      const message = `no intent is labelled ${quoted(intent)}${didYouMean(intent, labels)}`;
      problems.push(problemAt(macros, [...path, 'intent'], message));
    }
    const names = fieldNames && new Set([...MACRO_NAMES, ...fieldNames]);
    if (text !== undefined) problems.push(...checkGaps(macros, [...path, 'text'], text, names));
  }
  for (const [locale, salutation] of Object.entries(brand.readable?.salutations ?? {})) {
    for (const [key, text] of Object.entries(salutation ?? {})) {
      problems.push(...checkGaps(brand, ['salutations', locale, key], text ?? '', new Set(MACRO_NAMES)));
    }
  }
  return [...problems, ...unanswered({ macros, intents })];
}

function unanswered({ macros, intents }: Pick<PackParts, 'macros' | 'intents'>): PackProblem[] {
  const answered = namesOf(macros.readable?.macros, (macro) => macro.intent);
  if (answered === undefined) return [];
  return entriesOf(intents.readable?.intents, ['intents']).flatMap(([{ label }, path]) => {
    if (label === undefined || label === OUT_OF_SCOPE || answered.has(label)) return [];
    const message = `no macro answers ${quoted(label)}: write one in macros.yaml`;
    return [problemAt(intents, [...path, 'label'], message)];
  });
}

/** What a step cannot do its work without; for each the message itself. */
const needed: Readonly<Record<TaskName, readonly string[]>> = {
  classify: ['text', 'labels'],
  extract: ['text', 'fields'],
  sentiment: ['text'],
  draft: ['text', 'macros'],
  polish: ['text', 'draft'],
};

/** What comes from outside has no place among the instructions. */
const foreign: readonly string[] = ['text', 'subject', 'extracted', 'draft', 'first', 'second'];

/** Prompts name what they need and nothing unknown, and keep a stranger's words out of the instructions. */
export function checkPrompts({ prompts, judge }: PackParts): readonly PackProblem[] {
  const tasks = Object.entries(prompts).flatMap(([task, part]) =>
    checkPrompt(part, { task, known: new Set(PROMPT_NAMES), needed: needed[task as TaskName] }),
  );
  if (judge === undefined) return tasks;
  const compared = ['text', 'first', 'second'];
  return [...tasks, ...checkPrompt(judge, { task: 'judge', known: new Set(JUDGE_NAMES), needed: compared })];
}

interface PromptRule {
  readonly task: string;
  readonly known: ReadonlySet<string>;
  readonly needed: readonly string[];
}

function checkPrompt(part: PackParts['prompts'][TaskName], rule: PromptRule): readonly PackProblem[] {
  const { system, user } = part.readable ?? {};
  if (system === undefined || user === undefined) return [];
  const names = new Set([...placeholdersOf(system), ...placeholdersOf(user)].map(({ name }) => name));
  const missing = rule.needed.filter((name) => !names.has(name));
  const misplaced = placeholdersOf(system).filter(({ name }) => foreign.includes(name));
  return [
    ...checkGaps(part, ['system'], system, rule.known),
    ...checkGaps(part, ['user'], user, rule.known),
    ...missing.map((name) =>
      problemAt(part, ['user'], `{{${name}}} is missing: ${rule.task} cannot do without it`),
    ),
    ...misplaced.map(({ name, start }) => {
      const message = `{{${name}}} brings a stranger's words among the instructions: move it to "user"`;
      return problemAt(part, ['system'], message, start);
    }),
  ];
}

/** Gaps with unknown names, and braces that look like one. Without names only the latter. */
function checkGaps(
  part: Part<unknown>,
  path: Path,
  text: string,
  names: ReadonlySet<string> | undefined,
): PackProblem[] {
  const problems = placeholdersOf(text).flatMap(({ name, start }) => {
    if (names === undefined || names.has(name)) return [];
    const meant = didYouMean(name, names);
    const message = `{{${name}}} is not known here${meant === '' ? `; known are ${[...names].join(', ')}` : meant}`;
    return [problemAt(part, path, message, start)];
  });
  const stray = strayBracesAt(text);
  if (stray === undefined) return problems;
  const message =
    'double braces are for {{name}} and {{name|words to use without it}}, name of a-z, 0-9 and _';
  return [...problems, problemAt(part, path, message, stray)];
}
