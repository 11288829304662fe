import { Fault } from '@spillway/contracts/fault';

/**
 * The failure probability that the `look`-th certification of one claim may use (1 the first), so that all looks ever taken,
 * one a month for as long as one likes, fail with chance `delta` together: delta · 6/π² / look².
 *
 * @throws Fault `rejected` unless delta lies between 0 and 1 and look is a whole number from 1 on
 */
export function deltaOfLook(delta: number, look: number): number {
  return share(delta, look, 'look') * (6 / Math.PI ** 2 / look);
}

/**
 * The failure probability of each task's certification when one claim is to hold for all `tasks` at once: delta / tasks.
 *
 * @throws Fault `rejected` unless delta lies between 0 and 1 and tasks is a whole number from 1 on
 */
export function deltaOfTask(delta: number, tasks: number): number {
  return share(delta, tasks, 'number of tasks');
}

function share(delta: number, parts: number, what: string): number {
  if (!(delta > 0 && delta < 1)) throw new Fault('rejected', `a delta of ${delta} is not between 0 and 1`);
  if (!(Number.isInteger(parts) && parts >= 1)) {
    throw new Fault('rejected', `a ${what} is a whole number from 1 on, which ${parts} is not`);
  }
  return delta / parts;
}
