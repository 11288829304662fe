import { seededRandom, shuffle } from '@spillway/confidence/random';
import { distribution, trainLinear } from '@spillway/models/linear';
import { recordedJson, recordedRows } from '../recorded-data.js';

/** A bank customer's message with people's label and what two models answered; 77 is an answer that is no label. */
export interface BankingRow {
  readonly id: string;
  readonly text: string;
  readonly gold: number;
  readonly gpt35: number;
  readonly gpt4: number;
}

interface Labelled {
  readonly text: string;
  readonly gold: number;
}

export const bankingTest = (): readonly BankingRow[] => recordedRows('routing/ocats-banking77-test.jsonl');

/** The 77 labels by their number. */
export function bankingNames(): readonly string[] {
  const names = recordedJson<Readonly<Record<string, string>>>('routing/ocats-banking77-labels.json');
  return Object.keys(names).map((number) => names[number] ?? '');
}

/** So many messages with people's labels: all there are, a random part, or three of each label. */
export function bankingLabels(count: 9_002 | 2_300 | 231): readonly Labelled[] {
  if (count === 231) return recordedRows('routing/ocats-banking77-fewshot.jsonl');
  const all = recordedRows<Labelled>('routing/ocats-banking77-train.jsonl');
  const order = Int32Array.from(all.keys());
  shuffle(order, seededRandom(1));
  return Array.from(order.subarray(0, count), (at) => all[at] as Labelled);
}

/**
 * A second opinion on GPT-3.5's label, message by message: its probability by the embedded linear classifier, trained on
 * people's labels of other messages. Nothing of the test rows but their texts and GPT-3.5's labels is looked at.
 */
export function secondOpinions(labels: readonly Labelled[], rows: readonly BankingRow[]): readonly number[] {
  const model = trainLinear(
    labels.map(({ text }) => text),
    [{ name: 'banking77', labels: labels.map(({ gold }) => String(gold)) }],
  );
  const probabilities = distribution(model);
  const names = model.classifiers[0]?.labels ?? [];
  return rows.map(({ text, gpt35 }) => probabilities(text)[0]?.[names.indexOf(String(gpt35))] ?? 0);
}
