import { seededRandom } from '@spillway/confidence/random';
import { head, row } from '../table.js';
import { fromHalf, fromQuarter, naive, type Procedure, pointwise, riskControl } from './procedures.js';
import { type Scenario, scenarios } from './scenarios.js';
import { atMost, decimals, percent, type Target } from './target.js';

const claim = { target: 0.05, delta: 0.05 };

interface Cell {
  /** Mean share of all answers that the chosen threshold truly accepts, 0 where none was chosen. */
  readonly coverage: number;
  /** Share of the trials in which more than the target is truly wrong among what the threshold accepts. */
  readonly violations: number;
  /** Mean true share of all answers that is accepted and wrong. */
  readonly joint: number;
}

/** Lets procedures choose on the same fresh rows again and again, and compares with the truth. One cell for each. */
export function simulate(
  procedures: readonly Procedure[],
  { draw, truthAt }: Scenario,
  { rows, trials, seed }: { readonly rows: number; readonly trials: number; readonly seed: number },
): readonly Cell[] {
  const random = seededRandom(seed);
  const sums = procedures.map(() => ({ coverage: 0, violations: 0, joint: 0 }));
  for (let trial = 0; trial < trials; trial += 1) {
    // In order, so that no procedure has to sort them again.
    const drawn = Array.from({ length: rows }, () => draw(random)).sort((a, b) => b.score - a.score);
    for (const [at, { choose }] of procedures.entries()) {
      const threshold = choose(drawn, claim);
      if (threshold === undefined) continue;
      const { coverage, risk } = truthAt(threshold);
      const sum = sums[at] as (typeof sums)[number];
      sum.coverage += coverage;
      sum.violations += risk > claim.target ? 1 : 0;
      sum.joint += coverage * risk;
    }
  }
  return sums.map(({ coverage, violations, joint }) => ({
    coverage: coverage / trials,
    violations: violations / trials,
    joint: joint / trials,
  }));
}

const SIZES = [200, 500, 2_000] as const;
/** The scenarios of which the reference gives the coverage. */
const SHOWN = ['S1', 'S2', 'S4', 'S5'];

interface Reference {
  readonly procedure: Procedure;
  /** Coverage in the scenarios shown, for each number of rows. */
  readonly coverage: readonly (readonly number[])[];
  /** Most violations of all eight scenarios, for each number of rows; undefined where they are not what it promises. */
  readonly violations?: readonly number[];
  readonly promise: 'coverage and violations' | 'coverage' | 'none';
}

const references: readonly Reference[] = [
  {
    procedure: fromHalf,
    coverage: [
      [0.36, 0.36, 0.17, 0.1],
      [0.61, 0.67, 0.37, 0.29],
      [0.74, 0.84, 0.69, 0.54],
    ],
    violations: [0.037, 0.038, 0.044],
    promise: 'coverage and violations',
  },
  {
    procedure: fromQuarter,
    coverage: [
      [0.4, 0.39, 0.21, 0.11],
      [0.61, 0.53, 0.22, 0.29],
      [0.74, 0.84, 0.6, 0.54],
    ],
    violations: [0.053, 0.045, 0.044],
    promise: 'coverage and violations',
  },
  {
    procedure: pointwise(2_000, claim),
    coverage: [
      [0.49, 0.51, 0.26, 0.11],
      [0.67, 0.75, 0.5, 0.29],
      [0.74, 0.84, 0.69, 0.54],
    ],
    violations: [0.126, 0.184, 0.277],
    promise: 'coverage',
  },
  {
    procedure: naive,
    coverage: [
      [0.79, 0.88, 0.75, 0.6],
      [0.79, 0.88, 0.76, 0.63],
      [0.79, 0.89, 0.76, 0.62],
    ],
    violations: [0.986, 0.993, 0.996],
    promise: 'none',
  },
  {
    procedure: riskControl,
    coverage: [
      [0.82, 0.89, 0.8, 0.7],
      [0.83, 0.9, 0.81, 0.72],
      [0.84, 0.91, 0.82, 0.75],
    ],
    promise: 'coverage',
  },
];

/** How far from the reference's coverage one may land: both are means over some thousand trials, and one is rounded. */
const NEAR = 0.02;
const MOST_VIOLATIONS = 0.06;

/**
 * The reference simulation: every procedure on fresh rows whose law is known, against what the truth says of the threshold
 * that it chose.
 */
export function simulation(trials: number): readonly Target[] {
  process.stdout.write(
    `\nScores and labels drawn from eight known laws (seeds 1 to 24), ${trials.toLocaleString('en')} trials each; target 5 %, ` +
      'failure probability 5 %. Coverage: mean true share accepted, 0 where nothing is certified. Violation: the ' +
      'threshold truly lets more than 5 % wrong through. In brackets the reference.\n',
  );
  head(
    'procedure',
    'rows',
    ...SHOWN.map((name) => `coverage ${name}`),
    'worst violations of S1 to S8',
    'joint, worst',
  );
  const procedures = references.map(({ procedure }) => procedure);
  const cells = SIZES.map((rows, size) =>
    scenarios.map((scenario, at) =>
      simulate(procedures, scenario, { rows, trials, seed: 1 + size * scenarios.length + at }),
    ),
  );
  return references.flatMap((reference, at) =>
    SIZES.flatMap((_, size) =>
      compare(
        reference,
        size,
        (cells[size] ?? []).map((all) => all[at] as Cell),
      ),
    ),
  );
}

const worst = (numbers: readonly number[]): number => Math.max(...numbers);

function compare(
  { procedure, coverage, violations, promise }: Reference,
  size: number,
  cells: readonly Cell[],
) {
  const known = coverage[size] as readonly number[];
  const measured = SHOWN.map(
    (name) => (cells[scenarios.findIndex((one) => one.name === name)] as Cell).coverage,
  );
  const violated = worst(cells.map((cell) => cell.violations));
  const expected = violations?.[size];
  row(
    procedure.name,
    SIZES[size] as number,
    ...measured.map((value, at) => `${value.toFixed(3)} (${known[at]?.toFixed(2)})`),
    `${percent(violated)}${expected === undefined ? '' : ` (${percent(expected)})`}`,
    percent(worst(cells.map((cell) => cell.joint))),
  );
  const name = `simulation, ${procedure.name}, ${SIZES[size]} rows`;
  const apart = worst(measured.map((value, at) => Math.abs(value - (known[at] as number))));
  return [
    ...(promise === 'none'
      ? []
      : [atMost(`${name}: coverage beside the reference's`, NEAR, apart, decimals(3))]),
    ...(promise === 'coverage and violations'
      ? [atMost(`${name}: violations`, MOST_VIOLATIONS, violated, percent)]
      : []),
  ];
}
