import { bankingLabels, bankingTest, secondOpinions } from './confidence/banking.js';
import { bankingCertified, bankingCurves } from './confidence/banking-routing.js';
import { decisionCost } from './confidence/decision-cost.js';
import { drift } from './confidence/drift.js';
import { mmluRouting } from './confidence/mmlu-routing.js';
import { bankingScores, complaintScores, logitScores } from './confidence/recorded-scores.js';
import { manyDomains, shopBot } from './confidence/served.js';
import { simulation } from './confidence/simulation.js';
import { printTargets, type Target } from './confidence/target.js';
import { hopelessSignals, violations, withNoise } from './confidence/violations.js';

/** How often chance is asked. */
interface Effort {
  readonly trials: number;
  readonly resamples: number;
  readonly splits: number;
  readonly samples: number;
  readonly loops: number;
}

const THOROUGH: Effort = { trials: 2_000, resamples: 1_000, splits: 300, samples: 5, loops: 1_000 };
const QUICK: Effort = { trials: 40, resamples: 20, splits: 20, samples: 1, loops: 50 };

function banking({ resamples, splits }: Effort): readonly Target[] {
  const test = bankingTest();
  const opinions = ([9_002, 2_300, 231] as const).map((labels) => ({
    labels,
    scores: secondOpinions(bankingLabels(labels), test),
  }));
  const pairs = opinions.map(({ labels, scores }) => ({
    labels,
    rows: test.map(({ gold, gpt35, gpt4 }, at) => ({
      score: scores[at] as number,
      smallRight: gpt35 === gold,
      bigRight: gpt4 === gold,
    })),
  }));
  const recorded = [
    ...bankingScores(test, opinions[0]?.scores ?? []),
    ...complaintScores(),
    ...(['cosmosqa_10k', 'mmlu_10k', 'halu_dialogue', 'hellaswag_10k'] as const).map(logitScores),
  ];
  const summaries = logitScores('halu_summarization');
  return [
    ...violations(recorded, resamples),
    ...hopelessSignals([
      summaries,
      withNoise(logitScores('cosmosqa_10k'), 1),
      withNoise(recorded[0] ?? summaries, 2),
    ]),
    ...bankingCurves(pairs),
    ...bankingCertified(pairs, splits),
  ];
}

/**
 * What thresholds are worth that this project certifies: against known laws, and on what real models answered. Every figure
 * stands beside what was promised. `--quick` asks chance less often: the figures then say nothing.
 */
export async function run(options: readonly string[] = []): Promise<void> {
  const unknown = options.filter((option) => option !== '--quick');
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(', ')}; there is --quick`);
  const effort = options.includes('--quick') ? QUICK : THOROUGH;
  printTargets([
    ...simulation(effort.trials),
    ...banking(effort),
    ...mmluRouting(effort.samples),
    ...drift([...manyDomains(), ...['sofmattress', 'curekart', 'powerplay11'].map(shopBot)]),
    ...decisionCost(effort.loops),
  ]);
}
