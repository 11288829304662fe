import type { ScoredRow } from '@spillway/confidence/certify';
import { sigmoid } from '@spillway/confidence/log-odds';

/** What a threshold truly does: the share of all answers that it accepts, and the share of those that is wrong. */
interface Truth {
  readonly coverage: number;
  readonly risk: number;
}

/** Answers with a known law of how often they are wrong, so that a procedure can be checked against the truth. */
export interface Scenario {
  readonly name: string;
  draw(random: () => number): ScoredRow;
  truthAt(threshold: number): Truth;
}

/** Cells over which the share of wrong answers is summed: finer than any difference that is looked for. */
const CELLS = 20_000;

/** Scores uniform between 0 and 1, with the chance that an answer of a score is wrong. */
function continuous(name: string, wrongAt: (score: number) => number): Scenario {
  const wrongFrom = new Float64Array(CELLS + 1);
  for (let cell = CELLS - 1; cell >= 0; cell -= 1) {
    wrongFrom[cell] = (wrongFrom[cell + 1] as number) + wrongAt((cell + 0.5) / CELLS) / CELLS;
  }
  return {
    name,
    draw(random) {
      const score = random();
      return { score, wrong: random() < wrongAt(score) };
    },
    truthAt(threshold) {
      const coverage = 1 - threshold;
      return { coverage, risk: (wrongFrom[Math.round(threshold * CELLS)] as number) / coverage };
    },
  };
}

interface Level {
  readonly score: number;
  /** Share of all answers. */
  readonly mass: number;
  /** Chance that one of them is wrong. */
  readonly wrong: number;
}

/** Few distinct scores, such as the votes of some samples give; the likeliest to be right first. */
function levels(name: string, all: readonly Level[]): Scenario {
  const upTo = all.map((_, at) => all.slice(0, at + 1).reduce((sum, { mass }) => sum + mass, 0));
  return {
    name,
    draw(random) {
      const at = random();
      const { score, wrong } = all.find((_, level) => at < (upTo[level] as number)) ?? (all.at(-1) as Level);
      return { score, wrong: random() < wrong };
    },
    truthAt(threshold) {
      const accepted = all.filter(({ score }) => score >= threshold);
      const coverage = accepted.reduce((sum, { mass }) => sum + mass, 0);
      return { coverage, risk: accepted.reduce((sum, { mass, wrong }) => sum + mass * wrong, 0) / coverage };
    },
  };
}

const falling = (score: number): number => 0.75 * sigmoid(0.35 - 6.2 * score);

/** The eight scenarios of the reference simulation, from a good score to none, and one where to accept anything is wrong. */
export const scenarios: readonly Scenario[] = [
  continuous('S1', falling),
  continuous('S2', (score) => 0.62 * sigmoid(0.3 - 8 * score) + 0.012),
  continuous('S3', (score) => 0.62 * sigmoid(0.72 - 3.9 * score) + 0.018),
  continuous('S4', (score) => (score >= 0.95 ? 0.1 : falling(score))),
  levels('S5', [
    { score: 1, mass: 0.55, wrong: 0.028 },
    { score: 0.8, mass: 0.2, wrong: 0.12 },
    { score: 0.6, mass: 0.15, wrong: 0.3 },
    { score: 0.4, mass: 0.1, wrong: 0.5 },
  ]),
  continuous('S6', () => 0.06),
  continuous('S7', (score) => 0.084 - 0.044 * score),
  continuous('S8', () => 0.05001),
];
