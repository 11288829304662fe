import { Fault } from '@spillway/contracts/fault';

/** What an event names. Throws `malformed` where it leaves that out. */
export function named<T>(name: T | undefined, what: string): T {
  if (name === undefined) throw new Fault('malformed', `an event without its ${what}`);
  return name;
}
