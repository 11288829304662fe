import type { Score } from './score.js';

/** What one answer among several samples got. */
interface Tally {
  readonly answer: string;
  readonly votes: number;
}

/** Votes per answer, falling; of equals the one that was given first. An undefined vote is for nothing. */
function tally(votes: readonly (string | undefined)[]): readonly Tally[] {
  const counts = new Map<string, number>();
  for (const vote of votes) if (vote !== undefined) counts.set(vote, (counts.get(vote) ?? 0) + 1);
  return [...counts]
    .map(([answer, count]) => ({ answer, votes: count }))
    .toSorted((a, b) => b.votes - a.votes);
}

/**
 * How many more of `samples` must be drawn at the least before the answer in the lead cannot be caught up with any more:
 * they can be drawn at once, and none of them in vain. 0 when it cannot already, or all are drawn. `votes` are the samples
 * so far; undefined is one that gave no answer.
 */
export function samplesToDraw(votes: readonly (string | undefined)[], samples: number): number {
  const [first, second] = tally(votes);
  const rest = Math.max(0, samples - votes.length);
  const needed = Math.floor(((second?.votes ?? 0) + rest - (first?.votes ?? 0)) / 2) + 1;
  return Math.min(rest, Math.max(0, needed));
}

export interface Agreement extends Score {
  /** The answer that most samples gave; undefined where none gave any. */
  readonly answer?: string;
}

/**
 * What samples agree on. `raw` is the share of the samples drawn that gave the answer; drawn one by one until it could not
 * be overtaken, five samples give 1, 3/4, 3/5, and less without a majority.
 *
 * Features: `vote_share`, `votes` of the answer, `samples` drawn, `distinct` answers.
 */
export function agreementOf(votes: readonly (string | undefined)[]): Agreement {
  const [first, ...others] = tally(votes);
  if (first === undefined) return { features: {} };
  const share = first.votes / votes.length;
  return {
    answer: first.answer,
    raw: share,
    features: {
      vote_share: share,
      votes: first.votes,
      samples: votes.length,
      distinct: 1 + others.length,
    },
  };
}
