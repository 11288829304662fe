import type { Findings } from './findings.js';
import type { Farewell } from './fleet.js';
import type { TakeOver } from './groups.js';
import { LONGEST_CALL_MS } from './model-endpoint.js';

/** After which a broker misses a member that was killed. */
const SESSION_MS = 10_000;
/** Of a list, what is shown. */
const SHOWN = 10;

/** Every promise that a run broke, each with what broke it. */
export function violationsOf(findings: Findings): readonly string[] {
  const { fates, payments, options } = findings;
  const { slackMs } = options;
  return [
    ...some('accepted messages are lost', fates.lost),
    ...some('messages are settled twice', fates.settledTwice),
    ...some('conversations are out of order', fates.outOfOrder),
    ...some('unreadable events are not parked', fates.unparked),
    ...some('messages are otherwise in the ledger', findings.ledgerFaults),
    ...some('answers of the gateway are wrong', findings.problems),
    ...some(
      'accepted messages are too few',
      findings.accepted < options.messages ? [`${findings.accepted}`] : [],
    ),
    ...some(
      'calls were paid again and were not in flight at a kill -9',
      payments.unexplained.map(
        ({ first, again }) =>
          `${first.id} by ${first.by} from ${first.startedAt} to ${first.endedAt} (${first.end}), by ${again.by} at ${again.startedAt}`,
      ),
    ),
    ...some(
      'calls were broken off without a kill -9',
      payments.brokenOff.map(
        ({ id, by, startedAt, endedAt }) => `${id} by ${by} from ${startedAt} to ${endedAt}`,
      ),
    ),
    ...some(
      'processes ended by themselves',
      findings.collapses
        .filter(({ wasReady }) => wasReady)
        .map(({ process, code }) => `${process} with ${code}`),
    ),
    ...some('take-overs after kill -9 were slow', slow(findings.takeOvers.kills, SESSION_MS + slackMs)),
    ...some('take-overs after SIGTERM were slow', slow(findings.takeOvers.farewells, slackMs)),
    ...some(
      'ends after SIGTERM were slow or not clean',
      unclean(findings.farewells, LONGEST_CALL_MS + slackMs),
    ),
  ];
}

/** Milliseconds of the slowest take-over that nothing else disturbed; undefined where there is none. */
export function slowestTakeOver(list: readonly TakeOver[]): number | undefined {
  const times = list.flatMap(({ ms, disturbed }) => (disturbed ? [] : (ms ?? Number.POSITIVE_INFINITY)));
  return times.length === 0 ? undefined : Math.max(...times);
}

const slow = (list: readonly TakeOver[], mostMs: number): readonly string[] =>
  list
    .filter(({ ms = Number.POSITIVE_INFINITY, disturbed }) => !disturbed && ms > mostMs)
    .map(({ process, ms }) => `${process} after ${ms ?? 'never'} ms`);

const unclean = (farewells: readonly Farewell[], mostMs: number): readonly string[] =>
  farewells
    .filter(({ at, exitedAt, code }) => code !== 0 || exitedAt - at > mostMs)
    .map(({ process, at, exitedAt, code }) => `${process} with ${code} after ${exitedAt - at} ms`);

const some = (what: string, list: readonly string[]): readonly string[] =>
  list.length === 0
    ? []
    : [`${list.length} ${what}: ${list.slice(0, SHOWN).join('; ')}${list.length > SHOWN ? '; …' : ''}`];
