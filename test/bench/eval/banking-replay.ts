import { answerAll } from '@spillway/eval/answers';
import { comparisonMarkdown } from '@spillway/eval/comparison-markdown';
import { stepComparison } from '@spillway/eval/step-comparison';
import { openModels } from '@spillway/models/registry';
import type { StepCompletedInit } from '@spillway/models/runner';
import type { ModelDefinition, Pack } from '@spillway/pack/pack';
import {
  type BankingRow,
  bankingLabels,
  bankingNames,
  bankingTest,
  secondOpinions,
} from '../confidence/banking.js';
import { atLeast, decimals, type Target } from '../confidence/target.js';
import { recordedSet } from '../recorded-data.js';
import { recordedNowhere } from './recorded-nowhere.js';
import { type ReplayServer, startReplay } from './replay-server.js';
import { same } from './same.js';

/** Names of labels as a pack has them. */
const labelOf = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '');

const WHOLE_TEST =
  '\nRecorded answers to the public half of the Banking77 test; on all 3,080 rows GPT-3.5 has 75.2 % right and GPT-4 83.1 %.\n\n';

/** What an answer of 77 stands for: the model named no label. */
const NO_LABEL = '{"label":"none of them"}';

/** An endpoint that answers with a recorded label, in the code that the prompt gives it; `answer` picks whose. */
function replayOf(
  rows: readonly BankingRow[],
  names: readonly string[],
  answer: (row: BankingRow) => number,
): Promise<ReplayServer> {
  const byText = new Map(rows.map((row) => [row.text.trim(), row]));
  return startReplay((message, instructions) => {
    const row = byText.get(message);
    const name = row === undefined ? undefined : names[answer(row)];
    if (name === undefined) return NO_LABEL;
    const code = new RegExp(`^- ([A-Z]{1,2}) = ${name}:`, 'm').exec(instructions)?.[1];
    return JSON.stringify({ label: code ?? name });
  });
}

/** The example pack with the bank's labels and the two recorded models behind two endpoints. */
function bankingPack(example: Pack, names: readonly string[], small: ReplayServer, big: ReplayServer): Pack {
  const definition = (name: string, tier: 'small' | 'big', { baseUrl }: ReplayServer): ModelDefinition => ({
    name,
    driver: 'openai',
    tier,
    model: name,
    baseUrl,
    timeoutMs: 30_000,
    maxAttempts: 3,
    concurrency: 16,
    prices: [],
  });
  const models = [definition('gpt-3.5', 'small', small), definition('gpt-4', 'big', big)];
  const both = { small: 'gpt-3.5', big: 'gpt-4' };
  return {
    ...example,
    name: 'Banking77, recorded',
    intents: names.map((label) => ({
      label,
      queue: 'bank',
      description: label.replaceAll('_', ' '),
      examples: [],
    })),
    models,
    steps: { classify: both, extract: both, sentiment: both, draft: both, polish: both },
    reference: both,
    fits: {},
    evalTerms: { ...example.evalTerms, classify: { margin: 0.02 } },
  };
}

/** One answer with a confidence that another scorer gave it. */
const scored = ({ result, call }: StepCompletedInit, score: number): StepCompletedInit => ({
  ...(result === undefined ? {} : { result }),
  ...(call === undefined ? {} : { call }),
  confidence: { raw: score, calibrated: score },
});

/**
 * What GPT-3.5 and GPT-4 were recorded to answer to the public half of Banking77's test rows, given back by an HTTP server to
 * the driver that customers' messages go through, and compared as `spillway eval` compares. GPT-3.5 has no probabilities: its
 * confidence is that of the embedded classifier in its label, trained on 9,002 other messages. On the whole test of 3,080
 * rows, of which half is not public, they have 75.2 % and 83.1 % right.
 */
export async function bankingReplay(example: Pack): Promise<readonly Target[]> {
  const rows = bankingTest();
  const names = bankingNames().map(labelOf);
  const small = await replayOf(rows, names, ({ gpt35 }) => gpt35);
  const big = await replayOf(rows, names, ({ gpt4 }) => gpt4);
  try {
    const pack = bankingPack(example, names, small, big);
    const models = openModels({ pack, apiKeys: () => undefined });
    const inputs = rows.map(({ text }) => ({ text, subject: '', locale: 'en', receivedAtMs: 0 }));
    const ask = (tier: 'small' | 'big') =>
      answerAll(
        {
          pack,
          models: { for: (step, of) => models.for(step, of) },
          calls: recordedNowhere,
          step: 'classify',
          tier,
          identity: tier,
          concurrency: 16,
          signal: new AbortController().signal,
        },
        inputs,
      );
    const scores = secondOpinions(bankingLabels(9_002), rows);
    const answers = (await ask('small')).map((completed, at) => scored(completed, scores[at] ?? 0));
    const labelled = rows.map(({ id, gold }, at) => ({
      id,
      input: inputs[at] ?? { text: '', subject: '', locale: '', receivedAtMs: 0 },
      label: names[gold] ?? '',
    }));
    const sets = [recordedSet('routing/ocats-banking77-test.jsonl', rows.length)];
    const comparison = stepComparison(
      pack,
      { step: 'classify', rows: labelled },
      [
        { name: 'gpt-3.5', tier: 'small', embedded: false, runs: [answers] },
        { name: 'gpt-4', tier: 'big', embedded: false, runs: [await ask('big')] },
      ],
      {
        evidence: {
          sets,
          leftOut: 0,
          repeated: { rows: 0, otherLabel: 0 },
          labelSource: 'truth',
          pricesFrom: 'no day, since the recordings have no tokens',
        },
        nowMs: Date.now(),
      },
    );
    const head = {
      pack: pack.name,
      day: new Date().toISOString().slice(0, 10),
      policyVersion: pack.policy.version,
    };
    process.stdout.write(WHOLE_TEST);
    process.stdout.write(comparisonMarkdown(head, [{ ...comparison, details: [] }]));
    await models.close();
    const of = (name: string) =>
      comparison.figures.lines.find((line) => line.name === name)?.accuracy.value ?? Number.NaN;
    const counted = (right: (row: BankingRow) => boolean) => rows.filter(right).length / rows.length;
    return [
      same(
        'Banking77, public half: GPT-3.5 alone',
        counted(({ gpt35, gold }) => gpt35 === gold),
        of('floor'),
      ),
      same(
        'Banking77, public half: GPT-4 alone',
        counted(({ gpt4, gold }) => gpt4 === gold),
        of('ceiling'),
      ),
      atLeast(
        'Banking77: the fitted cascade against GPT-4 alone, points',
        -2,
        100 * (of('fitted') - of('ceiling')),
        decimals(2),
      ),
    ];
  } finally {
    small.close();
    big.close();
  }
}
