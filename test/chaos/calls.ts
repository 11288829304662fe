/** A request as the model server saw it. */
export interface Call {
  /** Its idempotency key. */
  readonly id: string;
  /** Who made it: a process, told apart from the one that it took the place of. */
  readonly by: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Undefined while it is under way. */
  endedAt?: number;
  /** `answered`: the whole answer was handed to the network. `broken off`: the caller was gone before that. */
  end?: 'answered' | 'broken off';
}

/** A process that was ended with kill -9. */
export interface Kill {
  readonly process: string;
  readonly at: number;
}

/** A time in which results could not be recorded. */
export interface Outage {
  readonly from: number;
  readonly to: number;
}

interface KillBill {
  readonly kill: Kill;
  /** Calls of the process that were not answered yet. */
  readonly unanswered: number;
  /** Calls that it had in flight, answered or not, and that somebody made again. */
  readonly repeated: readonly string[];
  /** Milliseconds since the oldest answer among those that were made again had come; 0 when none had. */
  readonly unrecordedMs: number;
}

export interface Payments {
  readonly calls: number;
  readonly byKill: readonly KillBill[];
  /** Calls that were made again although nobody who had them in flight was killed. */
  readonly unexplained: readonly { readonly first: Call; readonly again: Call }[];
  /** Calls broken off by a process that was not killed. */
  readonly brokenOff: readonly Call[];
}

/** From the last byte of an answer until its record counts as written, on a busy machine with a process that has just begun. */
const RECORDING_MS = 3_000;

/** From the kill of a process until a busy model server has read the last call that it had sent. */
const READING_MS = 3_000;

/**
 * Who paid twice, and why. A call may be made again only when the process that made it was killed while it was in
 * flight: before its answer, or before the answer was recorded, which has to wait while the store is down. A call that the
 * model server notes soon after the kill of its process was sent before it: on a busy machine the server reads late.
 */
export function payments(
  calls: readonly Call[],
  kills: readonly Kill[],
  outages: readonly Outage[],
): Payments {
  const killOf = new Map(kills.map((kill) => [kill.process, kill]));
  const byId = Map.groupBy(
    calls.toSorted((one, other) => one.startedAt - other.startedAt),
    ({ id }) => id,
  );
  const repeated = new Map<Kill, Call[]>();
  const unexplained: { first: Call; again: Call }[] = [];
  for (const made of byId.values()) {
    for (const [index, again] of made.slice(1).entries()) {
      const first = made[index] as Call;
      const kill = killOf.get(first.by);
      if (kill === undefined || !isInFlight(first, kill.at, outages)) unexplained.push({ first, again });
      else repeated.set(kill, [...(repeated.get(kill) ?? []), first]);
    }
  }
  const callsBy = Map.groupBy(calls, ({ by }) => by);
  return {
    calls: calls.length,
    byKill: kills.map((kill) => ({
      kill,
      unanswered: (callsBy.get(kill.process) ?? []).filter(
        ({ startedAt, endedAt, end }) =>
          startedAt <= kill.at + READING_MS && (end !== 'answered' || (endedAt ?? kill.at) > kill.at),
      ).length,
      repeated: (repeated.get(kill) ?? []).map(({ id }) => id),
      unrecordedMs: Math.max(
        0,
        ...(repeated.get(kill) ?? []).map(({ endedAt = kill.at }) => kill.at - endedAt),
      ),
    })),
    unexplained,
    brokenOff: calls.filter(({ by, end }) => end === 'broken off' && !killOf.has(by)),
  };
}

function isInFlight(
  { startedAt, endedAt = Number.POSITIVE_INFINITY }: Call,
  at: number,
  outages: readonly Outage[],
): boolean {
  // Answers that came during an outage are recorded after it.
  const outage = outages.find(
    ({ from, to }) => endedAt >= from - RECORDING_MS && endedAt <= to + RECORDING_MS,
  );
  const recordedAt = Math.max(endedAt, outage?.to ?? 0) + RECORDING_MS;
  return startedAt <= at + READING_MS && at <= recordedAt;
}
