import { earlyWarnings } from '@spillway/confidence/early-warning';
import type { ScoreMonth } from './scores.js';

/** Where the messages of a task went in a month. */
export interface MonthShares {
  readonly messages: number;
  readonly escalated: number;
  readonly held: number;
}

/** What changed, of what can be seen without labels: reasons to look, no statements about errors. */
export const warningsOf = ({
  before,
  now,
  scores,
}: {
  readonly before: MonthShares;
  readonly now: MonthShares;
  readonly scores: ScoreMonth | undefined;
}): readonly string[] => [...movedScores(scores), ...movedShares(before, now)];

function movedScores(scores: ScoreMonth | undefined): readonly string[] {
  if (scores === undefined) return [];
  const traffic = (counts: readonly number[]) => ({ scores: counts, occurrences: {} });
  return earlyWarnings(traffic(scores.before), traffic(scores.now)).map(
    ({ message }) => `${message}, against ${scores.against}`,
  );
}

function movedShares(before: MonthShares, now: MonthShares): readonly string[] {
  const traffic = ({ messages, escalated, held }: MonthShares) => ({
    scores: [],
    // Of one message the small and the big answer may both be held.
    occurrences: Object.fromEntries(
      Object.entries({ escalated, held }).map(([name, events]) => [
        name,
        { events: Math.min(events, messages), rows: messages },
      ]),
    ),
  });
  if (before.messages === 0 || now.messages === 0) return [];
  return earlyWarnings(traffic(before), traffic(now)).map(({ message }) => message);
}
