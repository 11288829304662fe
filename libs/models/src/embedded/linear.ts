import { crossFit } from '@spillway/confidence/cross-fit';
import { temper } from '@spillway/confidence/temperature';
import { Fault } from '@spillway/contracts/fault';
import { readFeatures } from './features.js';
import { type Classifier, calibrate, type Judgement, judge, type Prediction } from './linear-classifier.js';
import { fitSoftmax, type Row, score } from './linear-softmax.js';
import { buildVocabulary, type Scale, scaleFor, type Vocabulary, weigh } from './linear-vocabulary.js';
import { readSignals, SIGNALS } from './sentiment.js';

/** Classifiers of the same texts by different labels: a text is read once for all of them. */
export interface LinearModel {
  readonly vocabulary: Vocabulary;
  readonly classifiers: readonly Classifier[];
}

/** One way to label all of the texts. */
export interface Labelling {
  /** What it is called in progress reports. */
  readonly name: string;
  /** The label of each text. */
  readonly labels: readonly string[];
  /** The label of texts that no other label covers. */
  readonly outOfScope?: string;
  /** Whether the labels are moods: the model then also reads the signals of `sentiment.ts`. */
  readonly moods?: boolean;
}

export interface TrainOptions {
  /** Texts that are not learned from but calibrated on; without them cross-fitting does it. */
  readonly calibrateOn?: {
    readonly texts: readonly string[];
    readonly labels: readonly (readonly string[])[];
  };
  readonly seed?: number;
  /** What is being done, and the share of all that is done, 0 to 1. Called at every part, and each half second. */
  readonly onProgress?: (doing: string, share: number) => void;
}

const FOLDS = 5;

/** A labelling with its labels as numbers. */
interface Task extends Labelling {
  readonly names: readonly string[];
  readonly numbers: Int32Array;
  readonly number: ReadonlyMap<string, number>;
}

function taskOf(labelling: Labelling): Task {
  const names = [...new Set(labelling.labels)].sort();
  if (names.length < 2) {
    throw new Fault(
      'misconfigured',
      `${labelling.name}: examples of two labels at least are needed to learn from`,
    );
  }
  const number = new Map(names.map((name, at) => [name, at]));
  return {
    ...labelling,
    names,
    number,
    numbers: Int32Array.from(labelling.labels, (one) => number.get(one) as number),
  };
}

const outOfScopeOf = ({ number, outOfScope }: Task): number => number.get(outOfScope ?? '') ?? -1;

/** Reads a text into the scale: the vocabulary's features, and behind them the signals. */
function read(scale: Scale, text: string, subject: string, signals: boolean) {
  const features = readFeatures(text, subject);
  const vector = weigh(scale, features);
  if (signals) {
    readSignals(text, features, scale.values, vector.count);
    for (let at = 0; at < SIGNALS.length; at += 1) scale.ids[vector.count + at] = scale.vocabulary.size + at;
  }
  return vector;
}

const lengthOf = (count: number, signals: boolean | undefined): number =>
  signals ? count + SIGNALS.length : count;

/** Moods are told by few strong features, intents by many weak ones: measured on held-out parts of training sets. */
const FITTING = { moods: { rate: 0.3, epochs: 15 }, topics: { rate: 0.5, epochs: 20 } };

interface Fitted {
  readonly vocabulary: Vocabulary;
  readonly softmaxes: readonly Classifier['softmax'][];
}

function fit(
  texts: readonly string[],
  tasks: readonly { readonly numbers: Int32Array; readonly task: Task }[],
  seed: number,
  report: (name: string, share: number) => void,
): Fitted {
  const vocabulary = buildVocabulary(texts);
  const scale = scaleFor(vocabulary);
  const rows: readonly Row[] = texts.map((text) => {
    const { ids, values, count } = read(scale, text, '', true);
    return { ids: ids.slice(0, count + SIGNALS.length), values: values.slice(0, count + SIGNALS.length) };
  });
  const softmaxes = tasks.map(({ numbers, task }, at) => {
    const cut = task.moods ? 0 : SIGNALS.length;
    return fitSoftmax(
      cut === 0 ? rows : rows.map(({ ids, values }) => ({ ids: ids.subarray(0, ids.length - cut), values })),
      numbers,
      task.names.length,
      vocabulary.size + SIGNALS.length - cut,
      {
        ...(task.moods ? FITTING.moods : FITTING.topics),
        shownFrom: vocabulary.size,
        seed,
        onProgress: (share) => report(task.name, (at + share) / tasks.length),
      },
    );
  });
  return { vocabulary, softmaxes };
}

/** What a fitted model says about a text, without any calibration. */
function judgements({ vocabulary, softmaxes }: Fitted, tasks: readonly Task[]) {
  const scale = scaleFor(vocabulary);
  return (text: string): readonly Judgement[] => {
    const { ids, values, count, coverage, words } = read(scale, text, '', true);
    return tasks.map((task, at) => {
      const scores = new Float64Array(task.names.length);
      score(softmaxes[at] as Classifier['softmax'], ids, values, lengthOf(count, task.moods), scores);
      return { scores, familiarity: { coverage, words } };
    });
  };
}

/** Lets through the first report of each part, and of the others one each half second. */
function throttled(onProgress: TrainOptions['onProgress'], parts: number) {
  let last = Number.NEGATIVE_INFINITY;
  let lastDoing = '';
  return (part: number) => (name: string, share: number) => {
    const doing =
      part < parts - 1 ? `${name}: checking on part ${part + 1} of ${parts - 1}` : `${name}: learning`;
    const now = performance.now();
    if (doing === lastDoing && now - last < 500) return;
    [last, lastDoing] = [now, doing];
    onProgress?.(doing, (part + share) / parts);
  };
}

/**
 * Trains one classifier per labelling on the same texts. Deterministic for a seed. Calibration comes from texts that the
 * calibrated model has not seen: those of `calibrateOn`, or each fifth of the texts in turn.
 *
 * @throws Fault `misconfigured` when a labelling has fewer than two labels, `rejected` when lengths differ or a text to
 * calibrate on has a label that none to learn from has
 */
export function trainLinear(
  texts: readonly string[],
  labellings: readonly Labelling[],
  { calibrateOn, seed = 1, onProgress }: TrainOptions = {},
): LinearModel {
  if (labellings.some(({ labels }) => labels.length !== texts.length)) {
    throw new Fault('rejected', 'each text needs one label in every labelling');
  }
  const tasks = labellings.map(taskOf);
  const report = throttled(onProgress, calibrateOn === undefined ? FOLDS + 1 : 1);
  const all = tasks.map((task) => ({ numbers: task.numbers, task }));
  const unseen = calibrateOn === undefined ? outOfFold(texts, tasks, seed, report) : undefined;
  const fitted = fit(texts, all, seed, report(calibrateOn === undefined ? FOLDS : 0));
  const heard = unseen ?? (calibrateOn?.texts ?? []).map(judgements(fitted, tasks));
  return {
    vocabulary: fitted.vocabulary,
    classifiers: tasks.map((task, at) => ({
      labels: task.names,
      outOfScope: outOfScopeOf(task),
      signals: task.moods ?? false,
      softmax: fitted.softmaxes[at] as Classifier['softmax'],
      calibration: calibrate(
        heard.map((judged) => judged[at] as Judgement),
        calibrateOn === undefined ? task.numbers : numbersOf(task, calibrateOn.labels[at] ?? []),
        outOfScopeOf(task),
      ),
    })),
  };
}

function numbersOf({ number, name }: Task, labels: readonly string[]): Int32Array {
  return Int32Array.from(labels, (label) => {
    const found = number.get(label);
    if (found === undefined) throw new Fault('rejected', `${name}: a label to calibrate on has no examples`);
    return found;
  });
}

/** Judgements on each text by a model that has not seen it. */
function outOfFold(
  texts: readonly string[],
  tasks: readonly Task[],
  seed: number,
  report: ReturnType<typeof throttled>,
): readonly (readonly Judgement[])[] {
  return crossFit(tasks[0]?.numbers ?? [], FOLDS, (learnFrom, fold) => {
    const part = tasks.map((task) => ({
      numbers: learnFrom.map((row) => task.numbers[row] as number),
      task,
    }));
    const some = Array.from(learnFrom, (row) => texts[row] as string);
    const about = judgements(fit(some, part, seed, report(fold)), tasks);
    return (row) => about(texts[row] as string);
  });
}

/** Reads a text once, and tells what each classifier of a model makes of it. The judgements are overwritten by the next call. */
function judgeOf({ vocabulary, classifiers }: LinearModel) {
  const scale = scaleFor(vocabulary);
  const scores = classifiers.map(({ labels }) => new Float64Array(labels.length));
  const signals = classifiers.some((classifier) => classifier.signals);
  return <T>(
    text: string,
    subject: string,
    told: (classifier: Classifier, judgement: Judgement) => T,
  ): readonly T[] => {
    const { ids, values, count, coverage, words } = read(scale, text, subject, signals);
    return classifiers.map((classifier, at) => {
      const own = scores[at] as Float64Array;
      score(classifier.softmax, ids, values, lengthOf(count, classifier.signals), own);
      return told(classifier, { scores: own, familiarity: { coverage, words } });
    });
  };
}

/**
 * Answers for a model, one prediction per classifier in their order. Every call reads a bounded part of the text and
 * allocates little but its answer; what is returned is the caller's.
 */
export function predictor(model: LinearModel) {
  const judged = judgeOf(model);
  return (text: string, subject = ''): readonly Prediction[] => judged(text, subject, judge);
}

/**
 * For a model, the probability of every label, per classifier in the order of its `labels`: a second opinion on the label
 * that another model gave. Tempered, but not lowered for texts unlike the examples.
 */
export function distribution(model: LinearModel) {
  const judged = judgeOf(model);
  return (text: string, subject = ''): readonly Float64Array[] =>
    judged(text, subject, ({ calibration }, { scores }) => temper(scores, calibration.temperature));
}
