import { align, type ScoredToken } from '@spillway/confidence/aligned-tokens';
import { chooseCalibrator } from '@spillway/confidence/calibrator';
import { type ConfidenceFit, confidenceOf, scorerFeatures } from '@spillway/confidence/fit';
import { labelScore } from '@spillway/confidence/label-score';
import { applyScorer, fitScorer } from '@spillway/confidence/logistic-scorer';
import { seededRandom } from '@spillway/confidence/random';
import { median } from '../statistics.js';
import { head, row } from '../table.js';
import { atMost, type Target } from './target.js';

const LABELS = 77;
const LISTED = 20;
/** Enough for the costliest calibrator, the mean of Platt scaling and isotonic regression, to be allowed. */
const OUTCOMES = 2_000;
const MOST_MICROSECONDS = 50;
const ANSWERS = 100;
/** In each loop: the processor's time is told in whole microseconds. */
const ROUNDS = 1_000;

interface Answer {
  readonly text: string;
  readonly tokens: readonly ScoredToken[];
}

/** Labels as single-token codes, two letters each. */
const spellings = new Map(
  Array.from({ length: LABELS }, (_, at) => [
    String.fromCharCode(65 + Math.floor(at / 26), 65 + (at % 26)),
    `label_${at}`,
  ]),
);
const codes = [...spellings.keys()];

/** An answer of one token with the twenty likeliest beside it, surer or less sure. */
function answer(random: () => number): Answer {
  const sureness = 1 + 6 * random();
  const weights = Array.from({ length: LISTED }, () => Math.exp(sureness * random())).sort((a, b) => b - a);
  const sum = weights.reduce((total, weight) => total + weight, 0) / (0.9 + 0.1 * random());
  const from = Math.floor(random() * LABELS);
  const top = weights.map((weight, at) => ({
    text: codes[(from + at) % LABELS] as string,
    logprob: Math.log(weight / sum),
  }));
  const [chosen] = top;
  if (chosen === undefined) throw new Error('no token was listed');
  return { text: chosen.text, tokens: [{ bytes: Buffer.from(chosen.text), logprob: chosen.logprob, top }] };
}

/** Features and raw confidence, from the log-probabilities as an endpoint sends them. */
function scored({ text, tokens }: Answer) {
  const aligned = align(text, tokens);
  if (aligned === undefined) throw new Error('the tokens do not make up the answer');
  return labelScore(aligned, { start: 0, end: text.length }, spellings);
}

function fitted(random: () => number): ConfidenceFit {
  const rows = Array.from({ length: OUTCOMES }, () => scored(answer(random)));
  // A step, which no logistic curve follows.
  const right = rows.map(({ raw = 0 }) => random() < (raw < 0.2 ? 0.3 : 0.95));
  const features = rows.map(({ raw = 0, features: own }) => scorerFeatures(raw, own));
  const scorer = fitScorer(features, right);
  const { calibrator } = chooseCalibrator(
    features.map((one) => applyScorer(scorer, one)),
    right,
    random,
  );
  return {
    step: 'classify',
    fingerprint: 'benchmark',
    scorer,
    calibrator,
    fittedOn: '2026-01-01',
    rows: OUTCOMES,
    labelSource: 'truth',
  };
}

/** Microseconds of processor time that each call takes: what else the machine does must not count. */
function microseconds(loops: number, act: (at: number) => number): number {
  let kept = 0;
  const times = Array.from({ length: loops }, () => {
    const started = process.cpuUsage();
    for (let at = 0; at < ROUNDS; at += 1) kept += act(at % ANSWERS);
    const { user, system } = process.cpuUsage(started);
    return (user + system) / ROUNDS;
  });
  if (!Number.isFinite(kept)) throw new Error('a decision came to no number');
  return median(times);
}

/** What it costs to decide on one answer: features, score, calibrate, compare. */
export function decisionCost(loops: number): readonly Target[] {
  const random = seededRandom(9);
  const fit = fitted(random);
  const answers = Array.from({ length: ANSWERS }, () => answer(random));
  const of = (at: number) => answers[at] as Answer;
  const read = answers.map(scored);
  const decide = (at: number): number => {
    const { raw = 0, features } = scored(of(at));
    return confidenceOf(fit, raw, features) >= 0.8 ? 1 : 0;
  };
  const confide = (at: number): number => {
    const { raw = 0, features } = read[at] as (typeof read)[number];
    return confidenceOf(fit, raw, features);
  };
  for (const warm of [decide, confide]) microseconds(loops, warm);
  const empty = microseconds(loops, (at) => of(at).text.length);
  const whole = microseconds(loops, decide);
  process.stdout.write(
    `\nOne decision on an answer with ${LABELS} labels as codes and ${LISTED} log-probabilities (made up, seed 9); ` +
      `calibrator: ${fit.calibrator.kind}. Medians of ${loops.toLocaleString('en')} loops of ${ROUNDS.toLocaleString('en')}.\n`,
  );
  head('part', 'microseconds', 'times an empty loop', 'a second');
  const line = (name: string, time: number) =>
    row(name, time.toFixed(2), Math.round(time / empty), Math.round(1e6 / time).toLocaleString('en'));
  line('features, score, calibrate, compare', whole);
  line('score, calibrate', microseconds(loops, confide));
  return [atMost('a decision', MOST_MICROSECONDS, whole, (value) => `${value.toFixed(1)} µs`)];
}
