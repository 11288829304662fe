import { createHash } from 'node:crypto';
import type { TaskName } from '@spillway/policy/policy';
import type { z } from 'zod';
import { readDocument } from './documents.js';
import { evalFile, fitFile, INBOX, JUDGE, type PackContents, requiredFiles, tasks } from './files.js';
import { confidenceFile } from './fit-schema.js';
import { type Lines, readLines } from './lines.js';
import { type Part, partOf } from './part.js';
import type { PackProblem } from './problems.js';
import { draftLine, polishLine } from './reply-lines.js';
import {
  brandFile,
  classifyLine,
  extractLine,
  fieldsFile,
  inboxLine,
  intentsFile,
  macrosFile,
  modelsFile,
  policyFile,
  promptFile,
  sentimentLine,
} from './schemas.js';

/** A pack file by file, each held against its own schema. */
export interface PackParts {
  readonly brand: Part<z.output<typeof brandFile>>;
  readonly intents: Part<z.output<typeof intentsFile>>;
  readonly fields: Part<z.output<typeof fieldsFile>>;
  readonly macros: Part<z.output<typeof macrosFile>>;
  readonly models: Part<z.output<typeof modelsFile>>;
  readonly policy: Part<z.output<typeof policyFile>>;
  readonly prompts: Readonly<Record<TaskName, Part<z.output<typeof promptFile>>>>;
  /** Absent where the pack has none. */
  readonly judge?: Part<z.output<typeof promptFile>>;
  /** Those that are there. */
  readonly fits: Readonly<Partial<Record<TaskName, Part<z.output<typeof confidenceFile>>>>>;
  readonly evals: {
    readonly classify: readonly Lines<z.output<typeof classifyLine>>[];
    readonly sentiment: readonly Lines<z.output<typeof sentimentLine>>[];
    readonly extract: readonly Lines<z.output<typeof extractLine>>[];
    readonly draft: readonly Lines<z.output<typeof draftLine>>[];
    readonly polish: readonly Lines<z.output<typeof polishLine>>[];
  };
  readonly inbox: Lines<z.output<typeof inboxLine>>;
  /** Problems of the files themselves: missing, unreadable. */
  readonly problems: readonly PackProblem[];
}

/** Reads every file by its own schema. Never throws. */
export function partsOf(contents: PackContents): PackParts {
  const { part, lines, sets, problems } = reader(contents);
  const fits = [...contents.files.keys()].flatMap((file) => {
    const task = fitFile.exec(file)?.[1];
    return task === undefined ? [] : [[task, part(file, confidenceFile)]];
  });
  const prompts = tasks.map((task) => [task, part(`prompts/${task}.yaml`, promptFile)]);
  return {
    brand: part('pack.yaml', brandFile),
    intents: part('intents.yaml', intentsFile),
    fields: part('fields.yaml', fieldsFile),
    macros: part('macros.yaml', macrosFile),
    models: part('models.yaml', modelsFile),
    policy: part('policy.yaml', policyFile),
    prompts: Object.fromEntries(prompts) as PackParts['prompts'],
    ...(contents.files.has(JUDGE) ? { judge: part(JUDGE, promptFile) } : {}),
    fits: Object.fromEntries(fits) as PackParts['fits'],
    evals: {
      classify: sets('classify', classifyLine),
      sentiment: sets('sentiment', sentimentLine),
      extract: sets('extract', extractLine),
      draft: sets('draft', draftLine),
      polish: sets('polish', polishLine),
    },
    inbox: contents.files.has(INBOX) ? lines(INBOX, inboxLine) : { lines: [], problems: [] },
    problems,
  };
}

/** Ways to read one file; what cannot even be read joins `problems`. */
function reader({ files, problems: given }: PackContents) {
  const unreadable = new Set(given.map(({ file }) => file));
  const problems: PackProblem[] = [...given];
  const textOf = (file: string): string | undefined => {
    const bytes = files.get(file);
    if (bytes !== undefined) return new TextDecoder().decode(bytes);
    if (!unreadable.has(file)) problems.push({ file, message: 'the file is missing' });
    return undefined;
  };
  const part = <S extends z.ZodType>(file: string, schema: S): Part<z.output<S>> => {
    const text = textOf(file);
    if (text === undefined) return { problems: [], place: () => ({ file }) };
    return partOf(readDocument(file, text), schema);
  };
  const lines = <S extends z.ZodType>(file: string, schema: S) => readLines(file, textOf(file) ?? '', schema);
  const sets = <S extends z.ZodType>(task: string, schema: S) =>
    [...files.keys()].filter((file) => evalFile.exec(file)?.[1] === task).map((file) => lines(file, schema));
  return { part, lines, sets, problems };
}

/** What the files have wrong each by itself. */
export function ownProblems(parts: PackParts): readonly PackProblem[] {
  const { brand, intents, fields, macros, models, policy, prompts, judge, fits, evals, inbox } = parts;
  return [
    ...parts.problems,
    ...[brand, intents, fields, macros, models, policy, ...Object.values(prompts), ...Object.values(fits)],
    ...(judge === undefined ? [] : [judge]),
    ...[...Object.values(evals).flat(), inbox],
  ].flatMap((each) => ('problems' in each ? each.problems : [each]));
}

/** The order in which problems are told. */
export function orderOf({ files }: PackContents): readonly string[] {
  return [...requiredFiles, ...[...files.keys()].filter((file) => !requiredFiles.includes(file)).toSorted()];
}

/** SHA-256 over names and bytes, sorted by name: equal for equal packs, wherever they lie. */
export function hashOf({ files }: PackContents): string {
  const hash = createHash('sha256');
  for (const file of [...files.keys()].toSorted()) {
    const bytes = files.get(file) ?? new Uint8Array();
    // The length keeps what ends one file from being read as the beginning of the next.
    hash.update(`${file}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}
