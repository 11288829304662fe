import { head, row } from '../table.js';

/** A figure that was promised, and what it came to. */
export interface Target {
  readonly name: string;
  readonly wanted: string;
  readonly measured: string;
  readonly met: boolean;
}

export function atMost(
  name: string,
  limit: number,
  measured: number,
  shown: (value: number) => string,
): Target {
  return { name, wanted: `at most ${shown(limit)}`, measured: shown(measured), met: measured <= limit };
}

export function atLeast(
  name: string,
  limit: number,
  measured: number,
  shown: (value: number) => string,
): Target {
  return { name, wanted: `at least ${shown(limit)}`, measured: shown(measured), met: measured >= limit };
}

/** 0.1234 is "12.3 %". */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

export const decimals =
  (digits: number) =>
  (value: number): string =>
    value.toFixed(digits);

/** Prints promises beside what was measured; one that is missed fails the run. */
export function printTargets(targets: readonly Target[]): void {
  if (targets.some(({ met }) => !met)) process.exitCode = 1;
  head('target', 'wanted', 'measured', '');
  for (const { name, wanted, measured, met } of targets)
    row(name, wanted, measured, met ? 'met' : '**missed**');
}
