import { execFileSync } from 'node:child_process';
import { accessSync, constants, globSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program that a test needs, and the Debian package that brings it. */
export interface Program {
  readonly name: string;
  readonly debianPackage: string;
  /** Where it may lie beside PATH; the newest version wins. */
  readonly folders?: string;
  /** The other way out, for the message to those who have neither. */
  readonly otherwise: string;
}

/**
 * The path of a program of this machine. Where it is missing and this process is root on Debian, its package is
 * installed first. Throws with what to install.
 */
export function locate(program: Program): string {
  const found = search(program);
  if (found) return found;
  const aptGet = search({ name: 'apt-get' });
  if (!aptGet || process.getuid?.() !== 0) throw missing(program);
  process.stdout.write(`Installing ${program.debianPackage} from Debian …\n`);
  const aptOptions = ['-qq', '-o', 'DPkg::Lock::Timeout=300'];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const action of [['update'], ['install', '-y', '--no-install-recommends', program.debianPackage]]) {
    execFileSync(aptGet, [...aptOptions, ...action], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  }
  const installed = search(program);
  if (!installed) throw missing(program);
  return installed;
}

function search({ name, folders }: Pick<Program, 'name' | 'folders'>): string | undefined {
  const newestFirst = folders
    ? globSync(folders).sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    : [];
  return [...(process.env['PATH'] ?? '').split(delimiter), ...newestFirst]
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const missing = ({ name, debianPackage, otherwise }: Program): Error =>
  new Error(
    `The tests need ${name}, which is not on this machine. ` +
      `Install it (Debian and Ubuntu: apt-get install ${debianPackage}), or ${otherwise}.`,
  );

/** The version that a program tells of itself. */
export function versionOf(path: string): string {
  const said = execFileSync(path, ['--version'], { encoding: 'utf8' });
  return /\d[\w.]*/.exec(said)?.[0] ?? said.trim();
}
