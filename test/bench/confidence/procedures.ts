import { certify, type ScoredRow } from '@spillway/confidence/certify';
import { acceptedAllowing, type Claim } from '@spillway/confidence/planner';
import { controlRisk } from '@spillway/confidence/risk-control';
import { startFrom } from '@spillway/confidence/start';
import { ranked } from './ranking.js';

/** A way to choose a threshold on labelled rows: undefined where it certifies none. */
export interface Procedure {
  readonly name: string;
  choose(rows: readonly ScoredRow[], claim: Claim): number | undefined;
}

/** One that begins where other rows, which it may look at as it likes, say that it should. */
export interface PreparedProcedure {
  readonly name: string;
  prepare(older: readonly ScoredRow[], claim: Claim): Procedure;
}

function certified(rows: readonly ScoredRow[], claim: Claim, start?: number): number | undefined {
  const found = certify(rows, start === undefined ? claim : { ...claim, start });
  return found.verdict === 'certified' ? found.threshold : undefined;
}

/** Fixed-sequence testing from the threshold that accepts a part of the rows, or as many as may hold one error. */
const walkFrom = (name: string, part: number): Procedure => ({
  name,
  choose(rows, claim) {
    const { scores } = ranked(rows);
    const accepted = Math.max(acceptedAllowing(1, claim), Math.ceil(rows.length * part));
    return certified(rows, claim, scores[accepted - 1]);
  },
});

/** The most errors among so many accepted rows that the exact test lets pass; -1 where none may pass. */
function allowedErrors(most: number, claim: Claim): Int32Array {
  const allowed = new Int32Array(most + 1).fill(-1);
  for (let errors = 0, from = acceptedAllowing(0, claim); from <= most; ) {
    allowed.fill(errors, from);
    errors += 1;
    from = acceptedAllowing(errors, claim);
  }
  return allowed;
}

/** The threshold that accepts most of all whose rows satisfy a bound, each looked at as though it were the only one. */
function lowestWithin(rows: readonly ScoredRow[], within: (accepted: number, wrong: number) => boolean) {
  const { scores, wrongAmong } = ranked(rows);
  for (let accepted = rows.length; accepted > 0; accepted -= 1) {
    const split = scores[accepted] === scores[accepted - 1];
    if (!split && within(accepted, wrongAmong[accepted] as number)) return scores[accepted - 1];
  }
  return undefined;
}

/** Older rows tell more of where to start than a number of rows does. */
export const fromOlder: PreparedProcedure = {
  name: 'certify, start from as many older rows',
  prepare(older, claim) {
    const start = startFrom(older, claim);
    return { name: this.name, choose: (rows) => certified(rows, claim, start) };
  },
};

export const shipped: Procedure = {
  name: 'certify, as shipped',
  choose: (rows, claim) => certified(rows, claim),
};
export const fromHalf = walkFrom('FST from max(93, n/2)', 1 / 2);
export const fromQuarter = walkFrom('FST from max(93, n/4)', 1 / 4);

/** What published tools do, and what this project must not: of many thresholds it takes the luckiest. */
export function pointwise(mostRows: number, known: Claim): Procedure {
  const allowed = allowedErrors(mostRows, known);
  return {
    name: 'pointwise CP, most coverage',
    choose: (rows) => lowestWithin(rows, (accepted, wrong) => wrong <= (allowed[accepted] as number)),
  };
}

/** No bound at all. */
export const naive: Procedure = {
  name: 'naive: wrong among these rows',
  choose: (rows, { target }) => lowestWithin(rows, (accepted, wrong) => wrong <= target * accepted),
};

/** Another promise, and a weaker one: wrong small answers as a share of all traffic, on average. */
export const riskControl: Procedure = {
  name: 'conformal risk control, joint',
  choose(rows, { target }) {
    const found = controlRisk(rows, { target });
    return found.verdict === 'controlled' ? found.threshold : undefined;
  },
};
