import type { ScoredRow } from '@spillway/confidence/certify';
import { crossFit } from '@spillway/confidence/cross-fit';
import { temper } from '@spillway/confidence/temperature';
import { distribution, trainLinear } from '@spillway/models/linear';
import { recordedRows } from '../recorded-data.js';
import type { BankingRow } from './banking.js';

/** What a small model answered to real requests, with a score for each answer and whether it is wrong. */
export interface Recorded {
  readonly data: string;
  /** By whose label an answer counts as wrong. */
  readonly wrongIs: string;
  readonly score: string;
  readonly rows: readonly ScoredRow[];
  readonly target: number;
  /** Rows to certify on. */
  readonly sample: number;
}

/** GPT-3.5's labels of a bank's messages. */
export function bankingScores(rows: readonly BankingRow[], opinions: readonly number[]): readonly Recorded[] {
  const by = (wrongIs: string, target: number, isWrong: (row: BankingRow) => boolean): Recorded => ({
    data: 'Banking77, GPT-3.5',
    wrongIs,
    score: 'embedded classifier’s probability of its label',
    rows: rows.map((row, at) => ({ score: opinions[at] ?? 0, wrong: isWrong(row) })),
    target,
    sample: 1_000,
  });
  return [
    by('not people’s label', 0.05, ({ gpt35, gold }) => gpt35 !== gold),
    by('not GPT-4’s label', 0.1, ({ gpt35, gpt4 }) => gpt35 !== gpt4),
  ];
}

interface Complaint {
  readonly text: string;
  readonly label: string;
  readonly llm: Readonly<Record<string, string>>;
}

const ASKED = 'gpt_4o_mini';
const WITNESSES = ['gemini-2.0-flash-lite', 'claude_3_5_haiku', 'gemini-1.5-flash'];
const BIG = 'gpt-o1';

/**
 * The product of complaints by GPT-4o mini: how many of three other small models agree, and among equals the embedded
 * classifier's probability of the label. The x.
 */
export function complaintScores(): readonly Recorded[] {
  const rows = recordedRows<Complaint>('route/cfpb_llm14.test.jsonl');
  const names = [...new Set(rows.map(({ label }) => label))].sort();
  const opinions = crossFit(
    rows.map(({ label }) => names.indexOf(label)),
    5,
    (learnFrom) => {
      const some = Array.from(learnFrom, (at) => rows[at] as Complaint);
      const labels = some.map(({ label }) => label);
      const model = trainLinear(
        some.map(({ text }) => text),
        [{ name: 'complaints', labels }],
      );
      const probabilities = distribution(model);
      const order = model.classifiers[0]?.labels ?? [];
      return (at) => {
        const { text, llm } = rows[at] as Complaint;
        return probabilities(text)[0]?.[order.indexOf(llm[ASKED] ?? '')] ?? 0;
      };
    },
  );
  const scores = rows.map(
    ({ llm }, at) => WITNESSES.filter((one) => llm[one] === llm[ASKED]).length + (opinions[at] ?? 0) / 2,
  );
  const by = (wrongIs: string, target: number, right: (row: Complaint) => string | undefined): Recorded => ({
    data: 'CFPB, GPT-4o mini',
    wrongIs,
    score: 'agreement of three small models, then the embedded classifier',
    rows: rows.map((row, at) => ({ score: scores[at] as number, wrong: row.llm[ASKED] !== right(row) })),
    target,
    sample: 300,
  });
  return [
    by('not people’s label', 0.2, ({ label }) => label),
    by('not GPT-o1’s label', 0.1, ({ llm }) => llm[BIG]),
  ];
}

const SMALL_LOGITS = 'Qwen-7B';
const BIG_LOGITS = 'Qwen-72B';
interface Task {
  readonly title: string;
  readonly target: number;
}

const TASKS = {
  cosmosqa_10k: { title: 'reading (CosmosQA)', target: 0.05 },
  mmlu_10k: { title: 'MMLU', target: 0.15 },
  halu_dialogue: { title: 'dialogue (HaluEval)', target: 0.15 },
  hellaswag_10k: { title: 'HellaSwag', target: 0.15 },
  halu_summarization: { title: 'summarisation (HaluEval)', target: 0.05 },
} as const satisfies Readonly<Record<string, Task>>;

const likeliest = (numbers: readonly number[]): number => numbers.indexOf(Math.max(...numbers));

/** Multiple choice by a model of 7 billion parameters, wrong where one of 72 billion chooses otherwise. */
export function logitScores(task: keyof typeof TASKS): Recorded {
  const rows = recordedRows<Readonly<Record<string, readonly number[]>>>(
    `routing/uqbench-${task}-logits.jsonl`,
  );
  return {
    data: `${TASKS[task].title}, ${SMALL_LOGITS}`,
    wrongIs: `not ${BIG_LOGITS}’s choice`,
    score: 'highest probability of an option',
    rows: rows.map((row) => {
      const [small, big] = [row[SMALL_LOGITS] ?? [], row[BIG_LOGITS] ?? []];
      return { score: Math.max(...temper(small, 1)), wrong: likeliest(small) !== likeliest(big) };
    }),
    target: TASKS[task].target,
    sample: 1_000,
  };
}
