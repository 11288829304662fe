import { answerAll } from '@spillway/eval/answers';
import type { LabelledRow } from '@spillway/eval/dataset';
import { readRows } from '@spillway/eval/read-rows';
import { stepComparison } from '@spillway/eval/step-comparison';
import { embeddedModels } from '@spillway/models/embedded';
import type { LanguageModel } from '@spillway/models/language-model';
import { predictor } from '@spillway/models/linear';
import { openModels } from '@spillway/models/registry';
import { trainPack } from '@spillway/models/train';
import type { MoodName, Pack } from '@spillway/pack/pack';
import { percent, type Target } from '../confidence/target.js';
import { intents, type LabelledMessage, type LabelledSet, sentiments, train } from '../labelled-sets.js';
import { classifierFigures } from '../models.bench.js';
import { recordedRows } from '../recorded-data.js';
import { head, row } from '../table.js';
import { recordedNowhere } from './recorded-nowhere.js';

type Predict = ReturnType<typeof predictor>;
type LabelStep = 'classify' | 'sentiment';

/** Labelled messages with the embedded model that is to answer them. */
interface Question {
  readonly name: string;
  readonly pack: Pack;
  readonly step: LabelStep;
  readonly rows: readonly LabelledRow[];
  /** As it answers prompts. */
  readonly model: LanguageModel;
  /** What the classifier in it says to a text, asked beside all prompts. */
  readonly says: (text: string) => string | undefined;
}

/** The embedded classifier of a set, as a model that answers prompts. */
function modelOf(predict: Predict, key: 'label' | 'mood'): LanguageModel {
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

/** A set with the classifier that is trained on its own train part. */
function setQuestion(example: Pack, set: LabelledSet): Question {
  const areMoods = set.name.startsWith('sentiment/');
  const { model } = train(set, areMoods);
  const predict = predictor(model);
  return {
    name: set.name,
    pack: packOf(example, model.classifiers[0]?.labels ?? []),
    step: areMoods ? 'sentiment' : 'classify',
    rows: recordedRows<LabelledMessage>(set.test).map(({ text, label }, at) => ({
      id: String(at),
      input: { text, subject: '', locale: '', receivedAtMs: 0 },
      label: label as MoodName,
    })),
    model: modelOf(predict, areMoods ? 'mood' : 'label'),
    says: (text) => predict(text)[0]?.label,
  };
}

/** The example pack's own sets with its own embedded model, read and opened as the command does. */
async function packQuestions(example: Pack, folder: string): Promise<readonly Question[]> {
  const trained = trainPack(example);
  const models = openModels({
    pack: example,
    embedded: embeddedModels(example, trained),
    apiKeys: () => undefined,
  });
  const predict = predictor(trained.linear);
  return Promise.all(
    (['classify', 'sentiment'] as const).map(async (step, at): Promise<Question> => {
      const { read } = await readRows(step, [`${folder}eval/${step}.jsonl`], {
        pack: example,
        embedded: true,
      });
      return {
        name: `pack support, ${step}`,
        pack: example,
        step,
        rows: read.rows as readonly LabelledRow[],
        model: models.for(step, 'small'),
        says: (text) => predict(text)[at]?.label,
      };
    }),
  );
}

interface Share {
  readonly right: number;
  readonly macroF1: number;
}

/** The two figures of the model alone, as `spillway eval` comes to them. */
async function byEval({ name, pack, step, rows, model }: Question): Promise<Share> {
  const answers = await answerAll(
    {
      pack,
      models: { for: () => model },
      calls: recordedNowhere,
      step,
      tier: 'small',
      identity: name,
      concurrency: 1,
      signal: new AbortController().signal,
    },
    rows.map(({ input }) => input),
  );
  const alone = { name: model.name, embedded: true, runs: [answers] } as const;
  const { figures } = stepComparison(
    pack,
    { step, rows },
    [
      { tier: 'small', ...alone },
      { tier: 'big', ...alone },
    ],
    {
      evidence: {
        sets: [],
        leftOut: 0,
        repeated: { rows: 0, otherLabel: 0 },
        labelSource: 'truth',
        pricesFrom: '–',
      },
      nowMs: 0,
    },
  );
  const floor = figures.lines[0];
  return { right: floor?.accuracy.value ?? Number.NaN, macroF1: floor?.f1?.value ?? Number.NaN };
}

/** The same two as the code of the models bench counts them. */
function byModelsBench({ rows, says }: Question): Share {
  const said = rows.map(({ input }) => says(input.text) ?? '');
  const { accuracy, macroF1 } = classifierFigures(
    rows.map(({ label }) => label as string),
    said,
  );
  return { right: accuracy, macroF1 };
}

const near = (one: number, other: number): boolean => Math.abs(one - other) < 1e-9;

/**
 * The embedded classifiers on the labelled sets of the models bench, by the code path of `spillway eval`, beside what the
 * code of the models bench counts.
 */
export async function embeddedSets(
  example: Pack,
  folder: string,
  quick: boolean,
): Promise<readonly Target[]> {
  process.stdout.write(
    '\nThe embedded classifiers by the code of `spillway eval` and by that of `npm run bench -- models`; the sets’ own ' +
      'labels. Each is trained on its set’s train part, the pack’s on its examples.\n',
  );
  head('set', 'rows', 'right: eval', 'models bench', 'macro-F1: eval', 'models bench');
  const sets = quick ? [...intents.slice(-1), ...sentiments.slice(0, 1)] : [...intents, ...sentiments];
  const targets: Target[] = [];
  const compare = async (question: Question): Promise<void> => {
    const { name, rows } = question;
    const [own, theirs] = [await byEval(question), byModelsBench(question)];
    const f1 = (share: Share) => share.macroF1.toFixed(4);
    row(name, rows.length, percent(own.right), percent(theirs.right), f1(own), f1(theirs));
    targets.push({
      name: `${name}: eval’s figures are those of the models bench`,
      wanted: `${percent(theirs.right)}, ${f1(theirs)}`,
      measured: `${percent(own.right)}, ${f1(own)}`,
      met: near(own.right, theirs.right) && near(own.macroF1, theirs.macroF1),
    });
  };
  for (const set of sets) await compare(setQuestion(example, set));
  for (const question of await packQuestions(example, folder)) await compare(question);
  return targets;
}
