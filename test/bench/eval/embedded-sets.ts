import { answerAll } from '@spillway/eval/answers';
import { stepComparison } from '@spillway/eval/step-comparison';
import type { LanguageModel } from '@spillway/models/language-model';
import { predictor } from '@spillway/models/linear';
import type { MoodName, Pack } from '@spillway/pack/pack';
import type { Target } from '../confidence/target.js';
import { percent } from '../confidence/target.js';
import { intents, type LabelledMessage, type LabelledSet, sentiments, train } from '../labelled-sets.js';
import { recordedRows, recordedSet } from '../recorded-data.js';
import { head, row } from '../table.js';
import { recordedNowhere } from './recorded-nowhere.js';
import { same } from './same.js';

/** The embedded classifier of a set, as a model that answers prompts. */
function modelOf(predict: ReturnType<typeof predictor>, key: 'label' | 'mood'): LanguageModel {
  return {
    name: 'linear',
    embedded: true,
    async complete({ input }) {
      const [said] = predict(input.text);
      if (said === undefined) throw new Error('no classifier');
      return {
        text: JSON.stringify({ [key]: said.label }),
        confidence: { raw: said.raw, calibrated: said.calibrated, alternatives: said.alternatives },
        usage: {
          inputTokens: 0n,
          cachedInputTokens: 0n,
          outputTokens: 0n,
          reasoningTokens: 0n,
          estimated: true,
        },
        finishReason: 'stop',
        fingerprint: 'linear',
        attempts: 1,
      };
    },
  };
}

/** The example pack with the labels of a set in the place of its intents. */
const packOf = (example: Pack, labels: readonly string[]): Pack => ({
  ...example,
  intents: labels.map((label) => ({ label, queue: 'all', description: label, examples: [] })),
});

async function compared(example: Pack, set: LabelledSet): Promise<readonly Target[]> {
  const areMoods = set.name.startsWith('sentiment/');
  const step = areMoods ? 'sentiment' : 'classify';
  const test = recordedRows<LabelledMessage>(set.test);
  const { model } = train(set, areMoods);
  const predict = predictor(model);
  const pack = packOf(example, model.classifiers[0]?.labels ?? []);
  const rows = test.map(({ text, label }, at) => ({
    id: String(at),
    input: { text, subject: '', locale: '', receivedAtMs: 0 },
    label: label as MoodName,
  }));
  const answers = await answerAll(
    {
      pack,
      models: { for: () => modelOf(predict, areMoods ? 'mood' : 'label') },
      calls: recordedNowhere,
      step,
      tier: 'small',
      identity: set.name,
      concurrency: 1,
      signal: new AbortController().signal,
    },
    rows.map(({ input }) => input),
  );
  const alone = { embedded: true, runs: [answers] } as const;
  const { figures } = stepComparison(
    pack,
    { step, rows },
    [
      { name: 'linear', tier: 'small', ...alone },
      { name: 'linear', tier: 'big', ...alone },
    ],
    {
      evidence: {
        sets: [recordedSet(set.test, rows.length)],
        leftOut: 0,
        labelSource: 'truth',
        pricesFrom: '–',
      },
      nowMs: 0,
    },
  );
  const floor = figures.lines[0];
  const counted = test.filter(({ text, label }) => predict(text)[0]?.label === label).length / test.length;
  row(
    set.name,
    rows.length,
    percent(floor?.accuracy.value ?? Number.NaN),
    (floor?.f1?.value ?? Number.NaN).toFixed(3),
  );
  return [
    same(`${set.name}: right, as the models bench counts`, counted, floor?.accuracy.value ?? Number.NaN),
  ];
}

/** The embedded classifiers on the labelled sets of the models bench, by the code path of `spillway eval`. */
export async function embeddedSets(example: Pack, quick: boolean): Promise<readonly Target[]> {
  process.stdout.write(
    '\nThe embedded classifier, trained on each set’s own train part, as `spillway eval` sees it; the sets’ own labels.\n',
  );
  head('set', 'rows', 'right', 'macro-F1');
  const targets: Target[] = [];
  const sets = quick ? [...intents.slice(-1), ...sentiments.slice(0, 1)] : [...intents, ...sentiments];
  for (const set of sets) targets.push(...(await compared(example, set)));
  return targets;
}
