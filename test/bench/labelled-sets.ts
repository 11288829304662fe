import { type LinearModel, trainLinear } from '@spillway/models/linear';
import { recordedRows } from './recorded-data.js';

/** A labelled message. */
export interface LabelledMessage {
  readonly text: string;
  readonly subject?: string;
  readonly label: string;
}

/** A labelled set by its files. */
export interface LabelledSet {
  readonly name: string;
  readonly train: readonly string[];
  readonly dev?: string;
  readonly test: string;
}

const topic = (name: string, dev: boolean): LabelledSet => ({
  name: `intent/${name}`,
  train: [`intent/${name}.train.jsonl`],
  ...(dev ? { dev: `intent/${name}.dev.jsonl` } : {}),
  test: `intent/${name}.test.jsonl`,
});
export const intents: readonly LabelledSet[] = [
  topic('banking77', true),
  topic('clinc150', true),
  topic('natcs', true),
  topic('sumo_topic', true),
  topic('hint3_sofmattress', false),
  topic('hint3_curekart', false),
  topic('hint3_powerplay11', false),
];

const moods = (name: string, train: readonly string[], dev?: string): LabelledSet => ({
  name: `sentiment/${name}`,
  train: train.map((file) => `sentiment/${file}.jsonl`),
  ...(dev === undefined ? {} : { dev: `sentiment/${dev}.jsonl` }),
  test: `sentiment/${name}.test.jsonl`,
});
const reviews = ['dynasent_r1.dev', 'dynasent_r2.dev', 'product_reviews.train'];
export const sentiments: readonly LabelledSet[] = [
  moods('product_reviews', ['product_reviews.train'], 'product_reviews.dev'),
  moods('goemotions3', ['goemotions3.train'], 'goemotions3.dev'),
  moods('dynasent_r1', reviews),
  moods('dynasent_r2', reviews),
];

/** The label of messages that are none of the set's. */
export const OOS = 'oos';

/** Trains the embedded classifier on a set's train part, calibrated on its dev part where there is one. */
export function train(set: LabelledSet, areMoods: boolean): { model: LinearModel; seconds: number } {
  const learned = set.train.flatMap((file) => recordedRows<LabelledMessage>(file));
  const dev = set.dev === undefined ? undefined : recordedRows<LabelledMessage>(set.dev);
  const started = performance.now();
  const model = trainLinear(
    learned.map(({ text }) => text),
    [{ name: set.name, labels: learned.map(({ label }) => label), outOfScope: OOS, moods: areMoods }],
    dev === undefined
      ? {}
      : { calibrateOn: { texts: dev.map(({ text }) => text), labels: [dev.map(({ label }) => label)] } },
  );
  return { model, seconds: (performance.now() - started) / 1000 };
}
