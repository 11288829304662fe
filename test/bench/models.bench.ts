import { fileURLToPath } from 'node:url';
import { auroc } from '@spillway/confidence/metrics';
import {
  adaptiveCalibrationError,
  calibrationError,
  calibrationNoise,
} from '@spillway/confidence/reliability';
import { coverageAt } from '@spillway/confidence/risk-coverage';
import { predictor } from '@spillway/models/linear';
import { trainPack } from '@spillway/models/train';
import { loadPack } from '@spillway/pack/load';
import { intents, type LabelledMessage, OOS, sentiments, train } from './labelled-sets.js';
import { recordedRows, rowsOf } from './recorded-data.js';

const pack = fileURLToPath(new URL('../../deploy/packs/support/', import.meta.url));

/** Numbers from 0 to 1, the same ones each time. */
function random(): () => number {
  let state = 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

function quantile(numbers: readonly number[], p: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? Number.NaN;
}

type Predict = ReturnType<typeof predictor>;

/** Mean F1 of all labels that occur, as truth or as answer. */
function macroF1(truth: readonly string[], said: readonly string[]): number {
  const labels = [...new Set([...truth, ...said])];
  const scores = labels.map((label) => {
    const hits = truth.filter((one, at) => one === label && said[at] === label).length;
    return (
      (2 * hits) / (truth.filter((one) => one === label).length + said.filter((one) => one === label).length)
    );
  });
  return scores.reduce((sum, one) => sum + one, 0) / labels.length;
}

/** What one classifier has right on one test set. */
interface ClassifierFigures {
  readonly right: readonly boolean[];
  /** Share of the rows. */
  readonly accuracy: number;
  readonly macroF1: number;
}

/** Counts what a classifier said of labelled rows, with none of the code of `spillway eval`: each checks the other. */
export function classifierFigures(truth: readonly string[], said: readonly string[]): ClassifierFigures {
  const right = said.map((label, row) => label === truth[row]);
  return { right, accuracy: right.filter(Boolean).length / right.length, macroF1: macroF1(truth, said) };
}

/** One line of the table: what one classifier says about one test set. */
function measure(
  name: string,
  test: readonly LabelledMessage[],
  predict: Predict,
  at: number,
  seconds: string,
): string {
  for (const { text } of test) predict(text);
  const times: number[] = [];
  const said = test.map(({ text }) => {
    const started = performance.now();
    const prediction = predict(text)[at];
    times.push(performance.now() - started);
    if (prediction === undefined) throw new Error('no such classifier');
    return prediction;
  });
  const { right, accuracy, macroF1 } = classifierFigures(
    test.map(({ label }) => label),
    said.map(({ label }) => label),
  );
  const calibrated = said.map((one) => one.calibrated);
  const inScope = test.map(({ label }) => label !== OOS);
  const best = said.map((one) => one.alternatives.find(({ label }) => label !== OOS)?.probability ?? 0);
  const scope = inScope.includes(false) ? auroc(best, inScope).toFixed(4) : '-';
  const rightInScope = right.filter((_, row) => inScope[row]);
  return [
    name,
    test.length,
    seconds,
    quantile(times, 0.5).toFixed(3),
    `${accuracy.toFixed(4)} / ${(rightInScope.filter(Boolean).length / rightInScope.length).toFixed(4)}`,
    macroF1.toFixed(3),
    `${calibrationError(
      said.map(({ raw }) => raw),
      right,
    ).toFixed(3)} / ${calibrationError(calibrated, right).toFixed(4)}`,
    adaptiveCalibrationError(calibrated, right).toFixed(4),
    calibrationNoise(calibrated, random()).toFixed(4),
    calibrationError(
      calibrated.filter((_, row) => inScope[row]),
      rightInScope,
    ).toFixed(4),
    coverageAt(0.95, calibrated, right).toFixed(3),
    scope,
  ].join(' | ');
}

/** How sure a model is of messages from a domain that it knows nothing of. */
function strangers(name: string, predict: Predict, outOfScope: string): string {
  const inbox = recordedRows<LabelledMessage>('inbox/sumo_2025.jsonl').filter((_, row) => row % 10 === 0);
  const long = (text: string) => text.split(/\s+/).length >= 150;
  const said = inbox.map(({ text, subject = '' }) => ({
    long: long(text),
    first: predict(text, subject)[0],
  }));
  const others = said.filter(({ first }) => first?.label !== outOfScope);
  const cells = [false, true].map((onlyLong) => {
    const sure = others.filter((one) => !onlyLong || one.long).map(({ first }) => first?.calibrated ?? 0);
    return [0.5, 0.9, 0.99].map((p) => quantile(sure, p).toFixed(3)).join(', ');
  });
  return `${name} | ${inbox.length} | ${(1 - others.length / said.length).toFixed(3)} | ${cells.join(' | ')}`;
}

/** Median time of both predictions for one typical message, which is never the same twice. */
function microseconds(predict: Predict): string {
  const words =
    'Hi there, I ordered a rain jacket from your shop on the 12th of November and it still has not arrived. The ' +
    'tracking page says it left the depot a week ago but nothing since. I am leaving on Friday for two weeks, so could ' +
    'you please tell me whether it will be here by then, or cancel it and send my money back?';
  const times: number[] = [];
  for (let round = 0; round < 5_000; round += 1) {
    const started = performance.now();
    predict(`${words} ${round}`);
    times.push(performance.now() - started);
  }
  return (1_000 * quantile(times, 0.5)).toFixed(0);
}

const line = (text: string) => process.stdout.write(`| ${text} |\n`);

/** The embedded classifiers on every labelled set: quality, calibration and speed, and what they say to strangers. */
export async function run(): Promise<void> {
  process.stdout.write(
    'Each trained on its set’s train part, measured on its whole test part; labels are the sets’ own, and no figure has a price.\n' +
      'Calibrated on dev where there is one, else by five-fold cross-fitting (its time is in the training seconds).\n' +
      'ECE: 15 bins of equal width; ACE: 15 bins of equal mass. OOS AUROC: probability of the best label in scope.\n' +
      'By chance alone: the ECE to expect of perfectly calibrated answers with these confidences on so few rows.\n\n',
  );
  line(
    'set | test | train s | ms/message, median | accuracy / in scope | macro-F1 | ECE raw / calibrated | ACE | ECE by chance alone | ECE in scope | coverage at 95 % | OOS AUROC',
  );
  line(Array(12).fill('---').join(' | '));
  const far: string[] = [];
  for (const set of [...intents, ...sentiments]) {
    const { model, seconds } = train(set, set.name.startsWith('sentiment/'));
    const predict = predictor(model);
    line(measure(set.name, recordedRows<LabelledMessage>(set.test), predict, 0, seconds.toFixed(1)));
    if (/banking77|clinc150/.test(set.name)) far.push(strangers(set.name, predict, OOS));
  }
  const started = performance.now();
  const { linear } = trainPack(await loadPack(pack));
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const predict = predictor(linear);
  line(
    measure(
      'pack support, intents',
      rowsOf<LabelledMessage>(`${pack}eval/classify.jsonl`),
      predict,
      0,
      seconds,
    ),
  );
  line(
    measure(
      'pack support, moods',
      rowsOf<LabelledMessage>(`${pack}eval/sentiment.jsonl`),
      predict,
      1,
      seconds,
    ),
  );
  far.push(strangers('pack support', predict, 'out_of_scope'));
  process.stdout.write(`\nIntent and mood of a message of 60 words: ${microseconds(predict)} us (median).\n`);
  process.stdout.write(
    '\nEvery tenth message of a browser maker’s inbox (sumo_2025), which none of them knows:\n\n',
  );
  line(
    'model | messages | called out of scope | confidence in the others, p50, p90, p99 | the same, 150 words and more',
  );
  line(Array(5).fill('---').join(' | '));
  for (const row of far) line(row);
}
