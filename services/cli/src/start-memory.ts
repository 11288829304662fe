import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

interface Collection {
  readonly type: 'major';
  readonly execution: 'sync';
  /** Collects what it can and gives the pages back to the system. */
  readonly flavor: 'last-resort';
}

/**
 * Gives back what only starting needed. Loading modules makes the young generation grow to its bound, and nothing makes
 * it shrink again: an idle process would keep some 100 MiB of it for ever. Stops the process for about a tenth of a second.
 */
export function releaseStartMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (collection: Collection) => void;
  setFlagsFromString('--stress-flush-code');
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  setFlagsFromString('--no-stress-flush-code');
}
