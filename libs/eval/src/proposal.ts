import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from '@spillway/contracts/fault';
import { loadPack } from '@spillway/pack/load';
import { z } from 'zod';

/** A file of the pack as it is and as it should be; `null`: it is not there. */
export interface FileChange {
  /** Path inside the pack. */
  readonly file: string;
  readonly before: string | null;
  readonly after: string;
}

/** A change of a pack that somebody has to agree to. */
export interface Proposal {
  readonly madeOn: string;
  /** Why, in a sentence. */
  readonly reason: string;
  readonly changes: readonly FileChange[];
}

/** What a file must hold to be a proposal. */
export const proposalFile = z.strictObject({
  madeOn: z.string(),
  reason: z.string(),
  changes: z
    .array(
      z.strictObject({
        // Nothing outside these: a proposal is a file that anyone may have written.
        file: z
          .string()
          .regex(
            /^(policy\.yaml|confidence\/[a-z]+\.json|eval\/[a-z]+\.corrected\.jsonl)$/,
            'is no file that a proposal may change',
          ),
        before: z.string().nullable(),
        after: z.string(),
      }),
    )
    .min(1),
});

/** The change from what lies in the pack. */
export async function changeOf(pack: string, file: string, after: string): Promise<FileChange> {
  return { file, before: await contents(join(pack, file)), after };
}

/** Writes the proposal as a file of its own and returns the path. The same proposal of the same day is the same file. */
export async function writeProposal(folder: string, proposal: Proposal): Promise<string> {
  const text = `${JSON.stringify(proposal, null, 2)}\n`;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8);
  const path = join(folder, `${proposal.madeOn}-${hash}.json`);
  await replaceFile(path, text);
  return path;
}

/** @throws Fault `missing` when there is none, `malformed` when it is no proposal */
export const readProposal = (path: string): Promise<Proposal> => parseProposal(path, proposalFile);

/** Reads a file by its schema. Throws as {@link readProposal} does. */
export async function parseProposal<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  const text = await contents(path);
  if (text === null) throw new Fault('missing', `${path} is not there`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Fault('malformed', `${path} is no proposal: it is not JSON`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new Fault('malformed', `${path} is no proposal`, {
    problems: parsed.error.issues.map((issue) => ({ where: issue.path.join('.'), message: issue.message })),
  });
}

/**
 * Puts a proposal in force: writes its files into the pack, and takes them back when the pack is not valid with them.
 *
 * @throws Fault `conflict` with every file that has changed since the proposal was made, `misconfigured` when the pack
 * would not be valid; the pack is then as it was
 */
export async function applyProposal(pack: string, { changes }: Proposal): Promise<void> {
  const now = await Promise.all(changes.map(({ file }) => contents(join(pack, file))));
  const stale = changes.filter(({ before }, at) => now[at] !== before);
  if (stale.length > 0) {
    throw new Fault('conflict', 'the pack has changed since the proposal was made: make a new one', {
      problems: stale.map(({ file }) => ({ where: file, message: 'is not what the proposal starts from' })),
    });
  }
  try {
    for (const { file, after } of changes) await replaceFile(join(pack, file), after);
    await loadPack(pack);
  } catch (error) {
    await takeBack(pack, changes);
    throw error;
  }
}

async function takeBack(pack: string, changes: readonly FileChange[]): Promise<void> {
  for (const { file, before } of changes) {
    const path = join(pack, file);
    await (before === null ? rm(path, { force: true }) : replaceFile(path, before));
  }
}

async function contents(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new Fault('misconfigured', `${path} cannot be read`, { cause });
  }
}

/** Never half a file under its final name. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}
