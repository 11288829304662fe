import { certify, type ScoredRow } from '@spillway/confidence/certify';
import { seededRandom } from '@spillway/confidence/random';
import { head, row } from '../table.js';
import { fromOlder, type PreparedProcedure, type Procedure, pointwise, shipped } from './procedures.js';
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
}

const riskAt = ({ wrongAmong }: Ranked, accepted: number): number =>
  accepted === 0 ? 0 : (wrongAmong[accepted] as number) / accepted;

const isPrepared = (procedure: Procedure | PreparedProcedure): procedure is PreparedProcedure =>
  'prepare' in procedure;

/** Certifies on samples of the traffic, and compares with what the threshold does on all of it. */
function onTraffic(
  { rows, target, sample }: Recorded,
  procedure: Procedure | PreparedProcedure,
  rounds: number,
): Outcome {
  const traffic = ranked(rows);
  const random = seededRandom(5);
  const claim = { target, delta: DELTA };
  let [certified, kept, violated] = [0, 0, 0];
  for (let round = 0; round < rounds; round += 1) {
    const { choose } = isPrepared(procedure)
      ? procedure.prepare(resample(rows, sample, random), claim)
      : procedure;
    const threshold = choose(resample(rows, sample, random), claim);
    if (threshold === undefined) continue;
    const accepted = acceptedBy(traffic, threshold);
    certified += 1;
    kept += accepted / rows.length;
    violated += riskAt(traffic, accepted) > target ? 1 : 0;
  }
  return { certified: certified / rounds, kept: kept / rounds, violations: violated / rounds };
}

/** Certifies on a part of the rows, and compares with the others: how often those have more wrong than the target. */
function onOthers({ rows, target, sample }: Recorded, { choose }: Procedure, rounds: number): number {
  const random = seededRandom(6);
  let over = 0;
  for (let round = 0; round < rounds; round += 1) {
    const { chosen, others } = split(rows, sample, random);
    const threshold = choose(chosen, { target, delta: DELTA });
    if (threshold === undefined) continue;
    const judged = ranked(others);
    over += riskAt(judged, acceptedBy(judged, threshold)) > target ? 1 : 0;
  }
  return over / rounds;
}

/** How often a certified threshold lets more through than promised, on what real models answered. */
export function violations(all: readonly Recorded[], resamples: number): readonly Target[] {
  process.stdout.write(
    `\nReal recorded outputs, ${resamples.toLocaleString('en')} resamples (seeds 5 and 6), failure probability 5 %. The rows are the ` +
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
    return [shipped, fromOlder, pointwise(recorded.sample, known)].flatMap((procedure) => {
      const outcome = onTraffic(recorded, procedure, resamples);
      const over = isPrepared(procedure) ? '–' : percent(onOthers(recorded, procedure, resamples));
      describe(recorded, procedure.name, outcome, over);
      if (procedure !== shipped && procedure !== fromOlder) return [];
      const name = `${recorded.data}, ${recorded.wrongIs}, ${procedure.name}: violations in ${resamples.toLocaleString('en')} resamples`;
      return [atMost(name, MOST_VIOLATIONS, outcome.violations, percent)];
    });
  });
}

function describe(recorded: Recorded, procedure: string, outcome: Outcome, over: string): void {
  row(
    recorded.data,
    recorded.wrongIs,
    recorded.score,
    recorded.rows.length.toLocaleString('en'),
    recorded.sample.toLocaleString('en'),
    percent(recorded.rows.filter(({ wrong }) => wrong).length / recorded.rows.length),
    percent(recorded.target),
    procedure,
    percent(outcome.certified),
    percent(outcome.kept),
    percent(outcome.violations),
    over,
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
