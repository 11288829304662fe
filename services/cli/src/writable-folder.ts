import { mkdtemp, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault, type FaultCode } from '@spillway/contracts/fault';
import { makeFolder } from '@spillway/sqlite/folder';

/** Why a folder cannot be made or written to, in the system's words; undefined where it can. */
export async function whyNotWritable(path: string, mode?: number): Promise<string | undefined> {
  try {
    makeFolder(path, mode);
    // Rights alone do not tell: root may write everywhere, and some folders take nothing from anybody.
    await rmdir(await mkdtemp(join(path, '.spillway-')));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/**
 * Makes the data folder, before anything is trained, asked or paid for.
 *
 * @throws Fault `misconfigured` with the path and the system's reason where it cannot be made or written to
 */
export const requireDataFolder = (path: string): Promise<void> =>
  requireFolder('misconfigured', 'SPILLWAY_DATA', path);

/** The same for a folder that an option names. @throws Fault `rejected` */
export const requireOutFolder = (path: string, mode?: number): Promise<void> =>
  requireFolder('rejected', '--out', path, mode);

async function requireFolder(code: FaultCode, where: string, path: string, mode?: number): Promise<void> {
  const reason = await whyNotWritable(path, mode);
  if (reason === undefined) return;
  throw new Fault(code, `${path} cannot be written to`, {
    problems: [{ where, message: `${reason}; name a folder that can be made and written to` }],
  });
}
