import { isUtf8 } from 'node:buffer';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '@spillway/contracts/fault';
import { didYouMean } from './nearest.js';
import type { PackProblem } from './problems.js';

export const tasks = ['classify', 'extract', 'sentiment', 'draft', 'polish'] as const;

const settings = ['pack.yaml', 'intents.yaml', 'fields.yaml', 'macros.yaml', 'models.yaml', 'policy.yaml'];
const prompts = tasks.map((task) => `prompts/${task}.yaml`);

/** A pack may say how a model compares two replies. */
export const JUDGE = 'prompts/judge.yaml';

/** Files that every pack has. */
export const requiredFiles: readonly string[] = [...settings, ...prompts];

/** A pack may have a sample inbox. */
export const INBOX = 'inbox.jsonl';

/** `eval/classify.jsonl`, or several of a kind: `eval/classify.hard.jsonl`. */
export const evalFile = new RegExp(`^eval/(${tasks.join('|')})(?:\\.[\\w-]+)?\\.jsonl$`);

/** What was fitted to a step's answers: `confidence/classify.json`. Written by `spillway tune`. */
export const fitFile = new RegExp(`^confidence/(${tasks.join('|')})\\.json$`);

/** Which labelled rows have certified something: a record beside the pack, on which nothing in it depends. */
export const SPENT_ROWS = 'confidence/spent.jsonl';

const MEBIBYTE = 1_048_576;

/** Each file's bytes, which are UTF-8, and for what could not be read the problem. */
export interface PackContents {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly problems: readonly PackProblem[];
}

/** Reads all files of a pack, each once. Throws Fault `misconfigured` when there is no such folder. */
export async function readPackFiles(directory: string): Promise<PackContents> {
  const found = [
    ...(await list(directory, '')),
    ...(await list(directory, 'prompts/')),
    ...(await list(directory, 'eval/')),
    ...(await list(directory, 'confidence/')),
  ];
  const wanted = found.filter((file) => isOfPack(file));
  const files = new Map<string, Uint8Array>();
  const problems = found.flatMap((file) => strayFile(file, requiredFiles));
  for (const file of wanted) {
    const content = await read(directory, file);
    if (content instanceof Uint8Array) files.set(file, content);
    else problems.push(content);
  }
  return { files, problems };
}

/** Bytes of one file of a pack, which are UTF-8, or the problem with it. */
export async function read(directory: string, file: string): Promise<Uint8Array | PackProblem> {
  const limit = file.endsWith('.jsonl') ? 64 * MEBIBYTE : 4 * MEBIBYTE;
  try {
    const { size } = await stat(join(directory, file));
    if (size > limit) {
      return { file, message: `the file has ${size} bytes, at most ${limit} are read: shorten it` };
    }
    const bytes = await readFile(join(directory, file));
    return isUtf8(bytes) ? bytes : { file, message: 'the file is no UTF-8 text: save it as UTF-8' };
  } catch (error) {
    return { file, message: `the file cannot be read (${Fault.from(error).message})` };
  }
}

const isOfPack = (file: string): boolean =>
  requiredFiles.includes(file) ||
  file === INBOX ||
  file === JUDGE ||
  evalFile.test(file) ||
  fitFile.test(file);

async function list(directory: string, folder: string): Promise<readonly string[]> {
  try {
    const names = await readdir(join(directory, folder));
    return names
      .filter((name) => !name.startsWith('.'))
      .map((name) => folder + name)
      .toSorted();
  } catch (cause) {
    // Without its prompts a pack lacks each of the files in it, which is said elsewhere; evals are optional.
    if (folder !== '' && (cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    const problems = [{ where: join(directory, folder), message: 'the folder cannot be read' }];
    throw new Fault('misconfigured', `there is no pack in ${directory}`, { cause, problems });
  }
}

/** A file that nobody would read, although its name says that it was meant to be. */
function strayFile(file: string, known: readonly string[]): PackProblem[] {
  if (isOfPack(file) || file === SPENT_ROWS || !/\.(ya?ml|jsonl?)$/.test(file)) return [];
  const meant = didYouMean(file, [
    ...known,
    INBOX,
    JUDGE,
    ...tasks.flatMap((task) => [`eval/${task}.jsonl`, `confidence/${task}.json`]),
  ]);
  if (meant === '' && !file.includes('/')) return [];
  return [{ file, message: `no file of this name belongs to a pack${meant}` }];
}
