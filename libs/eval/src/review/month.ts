import { Fault } from '@spillway/contracts/fault';

/** A calendar month in UTC. */
export interface Month {
  /** As `2026-11`. */
  readonly name: string;
  /** Milliseconds since the epoch, the first included and the second not. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** @throws Fault `rejected` for a name that is no month */
export function monthOf(name: string): Month {
  const match = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(name);
  if (match === null) {
    throw new Fault('rejected', `${name} is no month`, {
      problems: [{ where: '--month', message: 'is written 2026-11' }],
    });
  }
  const [year, number] = [Number(match[1]), Number(match[2])];
  return { name, fromMs: Date.UTC(year, number - 1), toMs: Date.UTC(year, number) };
}

/** The month that ends where this one, or the one of this moment, begins. */
export function monthBefore(moment: number): Month {
  const date = new Date(moment);
  const before = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - 1);
  return monthOf(new Date(before).toISOString().slice(0, 7));
}
