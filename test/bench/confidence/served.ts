import type { ScoredRow } from '@spillway/confidence/certify';
import { crossFit } from '@spillway/confidence/cross-fit';
import { seededRandom } from '@spillway/confidence/random';
import { predictor, trainLinear } from '@spillway/models/linear';
import { OUT_OF_SCOPE } from '@spillway/pack/pack';
import { recordedRows } from '../recorded-data.js';
import { split } from './sampling.js';

interface Labelled {
  readonly text: string;
  readonly label: string;
}

/** A message as the embedded classifier answered it. */
export interface Answered extends ScoredRow {
  /** What people say. */
  readonly label: string;
  readonly said: string;
}

/** Answers to certify on, and those of other traffic. */
export interface Served {
  readonly name: string;
  readonly certified: readonly Answered[];
  readonly live: readonly Answered[];
  /** Whether the two are unlike each other. */
  readonly drifted: boolean;
}

/** The sets call what is out of scope by a name of their own. */
const labelledRows = (file: string): readonly Labelled[] =>
  recordedRows<Labelled>(file).map(({ text, label }) => ({
    text,
    label: label === 'oos' ? OUT_OF_SCOPE : label,
  }));

type Answer = (row: Labelled) => Answered;

function classifier(learnFrom: readonly Labelled[], calibrateOn?: readonly Labelled[]): Answer {
  const texts = (rows: readonly Labelled[]) => rows.map(({ text }) => text);
  const labels = (rows: readonly Labelled[]) => rows.map(({ label }) => label);
  const model = trainLinear(
    texts(learnFrom),
    [{ name: 'intent', labels: labels(learnFrom), outOfScope: OUT_OF_SCOPE }],
    calibrateOn === undefined
      ? {}
      : { calibrateOn: { texts: texts(calibrateOn), labels: [labels(calibrateOn)] } },
  );
  const predict = predictor(model);
  return ({ text, label }) => {
    const prediction = predict(text)[0];
    if (prediction === undefined) throw new Error('no prediction');
    return { score: prediction.calibrated, wrong: prediction.label !== label, label, said: prediction.label };
  };
}

/**
 * Assistants of many domains: trained on train, calibrated on a third of dev, certified on the second; served are the
 * third one, which is like it, and test, where six times as much is out of scope.
 */
export function manyDomains(): readonly Served[] {
  const [train, dev, test] = ['train', 'dev', 'test'].map((part) =>
    labelledRows(`intent/clinc150.${part}.jsonl`),
  ) as [readonly Labelled[], readonly Labelled[], readonly Labelled[]];
  const { chosen: fit, others } = split(dev, Math.floor(dev.length / 3), seededRandom(1));
  const { chosen: certify, others: like } = split(others, Math.floor(others.length / 2), seededRandom(2));
  const answer = classifier(train, fit);
  const certified = certify.map(answer);
  return [
    { name: 'clinc150 dev → its other part', certified, live: like.map(answer), drifted: false },
    { name: 'clinc150 dev → test', certified, live: test.map(answer), drifted: true },
  ];
}

/** A shop's bot: its own training examples, cross-fitted, are all there is to certify on; served are real queries. */
export function shopBot(name: string): Served {
  const [train, test] = ['train', 'test'].map((part) =>
    labelledRows(`intent/hint3_${name}.${part}.jsonl`),
  ) as [readonly Labelled[], readonly Labelled[]];
  const labels = [...new Set(train.map(({ label }) => label))];
  const certified = crossFit(
    train.map(({ label }) => labels.indexOf(label)),
    5,
    (learnFrom) => {
      const answer = classifier(Array.from(learnFrom, (at) => train[at] as Labelled));
      return (at) => answer(train[at] as Labelled);
    },
  );
  return {
    name: `hint3 ${name} train → real queries`,
    certified,
    live: test.map(classifier(train)),
    drifted: true,
  };
}
