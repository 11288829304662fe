import { certify, type ScoredRow } from '@spillway/confidence/certify';
import { seededRandom } from '@spillway/confidence/random';
import { head, row } from '../table.js';
import { type Procedure, pointwise, shipped } from './procedures.js';
import { acceptedBy, type Ranked, ranked } from './ranking.js';
import type { Recorded } from './recorded-scores.js';
import { resample, split } from './sampling.js';
import { atMost, percent, type Target } from './target.js';

const DELTA = 0.05;
const MOST_VIOLATIONS = 0.06;

interface Outcome {
  readonly certified: number;
  readonly kept: number;
  readonly violations: number;
  readonly onOthers: number;
}

const riskAt = ({ wrongAmong }: Ranked, accepted: number): number =>
  accepted === 0 ? 0 : (wrongAmong[accepted] as number) / accepted;

/**
 * Certifies on samples of the traffic, and compares with what the threshold does on all of it; and on a part of the rows,
 * compared with the others.
 */
function repeat({ rows, target, sample }: Recorded, { choose }: Procedure, resamples: number): Outcome {
  const traffic = ranked(rows);
  const random = seededRandom(5);
  const claim = { target, delta: DELTA };
  let [certified, kept, violations, onOthers] = [0, 0, 0, 0];
  for (let round = 0; round < resamples; round += 1) {
    const threshold = choose(resample(rows, sample, random), claim);
    if (threshold !== undefined) {
      const accepted = acceptedBy(traffic, threshold);
      certified += 1;
      kept += accepted / rows.length;
      violations += riskAt(traffic, accepted) > target ? 1 : 0;
    }
    const { chosen, others } = split(rows, sample, random);
    const known = choose(chosen, claim);
    if (known === undefined) continue;
    const judged = ranked(others);
    onOthers += riskAt(judged, acceptedBy(judged, known)) > target ? 1 : 0;
  }
  return {
    certified: certified / resamples,
    kept: kept / resamples,
    violations: violations / resamples,
    onOthers: onOthers / resamples,
  };
}

/** How often a certified threshold lets more through than promised, on what real models answered. */
export function violations(all: readonly Recorded[], resamples: number): readonly Target[] {
  process.stdout.write(
    `\nReal recorded outputs, ${resamples.toLocaleString('en')} resamples (seed 5), failure probability 5 %. The rows are the ` +
      'traffic: the sample to certify on is drawn from them with replacement, so the true error of a threshold is known. ' +
      'Left over: the sample is a random part of the rows and the error that of the others, where the noise of few rows ' +
      'counts as a violation too. Targets: a fixed part of what is wrong in all, so that there is something to certify.\n',
  );
  head(
    'data, model',
    'wrong is',
    'score',
    'rows',
    'sample',
    'wrong in all',
    'target',
    'procedure',
    'certified',
    'mean kept',
    'violations',
    'over the target on the rows left over',
  );
  return all.flatMap((recorded) => {
    const known = { target: recorded.target, delta: DELTA };
    return [shipped, pointwise(recorded.sample, known)].flatMap((procedure) => {
      const outcome = repeat(recorded, procedure, resamples);
      describe(recorded, procedure, outcome);
      if (procedure !== shipped) return [];
      const name = `${recorded.data}, ${recorded.wrongIs}: violations in ${resamples.toLocaleString('en')} resamples`;
      return [atMost(name, MOST_VIOLATIONS, outcome.violations, percent)];
    });
  });
}

function describe(recorded: Recorded, procedure: Procedure, outcome: Outcome): void {
  row(
    recorded.data,
    recorded.wrongIs,
    recorded.score,
    recorded.rows.length.toLocaleString('en'),
    recorded.sample.toLocaleString('en'),
    percent(recorded.rows.filter(({ wrong }) => wrong).length / recorded.rows.length),
    percent(recorded.target),
    procedure.name,
    percent(outcome.certified),
    percent(outcome.kept),
    percent(outcome.violations),
    percent(outcome.onOthers),
  );
}

/** What is said of signals that are too weak, however many labels there are. */
export function hopelessSignals(weak: readonly Recorded[]): readonly Target[] {
  process.stdout.write(
    '\nSignals that are too weak: all rows to certify on, target 5 %, failure probability 5 %.\n',
  );
  head('data, model', 'wrong is', 'score', 'rows', 'verdict', 'reason');
  return weak.map(({ data, wrongIs, score, rows, target }) => {
    const found = certify(rows, { target, delta: DELTA });
    const reason = found.verdict === 'certified' ? '' : found.reason;
    row(data, wrongIs, score, rows.length.toLocaleString('en'), found.verdict, reason);
    return {
      name: `${data}, ${score}: verdict`,
      wanted: 'do_not_route',
      measured: found.verdict,
      met: found.verdict === 'do_not_route',
    };
  });
}

/** The same rows with scores that say nothing. */
export function withNoise(recorded: Recorded, seed: number): Recorded {
  const random = seededRandom(seed);
  const rows: ScoredRow[] = recorded.rows.map(({ wrong }) => ({ wrong, score: random() }));
  return { ...recorded, rows, score: 'noise' };
}
