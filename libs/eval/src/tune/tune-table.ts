import { upperBound } from '@spillway/confidence/binomial';
import { errorWords } from '@spillway/policy/certificate';
import { claimsText } from '../claims-text.js';
import { breakEvenOf } from './step-pricing.js';
import { type ChosenStep, type ChosenSteps, MESSAGES } from './threshold-choice.js';
import type { StepTuning } from './tune-step.js';

export const percent = (share: number): string => `${Number((100 * share).toFixed(1))} %`;
const money = (nanos: number): string => `${nanos < 0 ? '-' : ''}$${(Math.abs(nanos) / 1e9).toFixed(4)}`;
const count = (number: number): string => number.toLocaleString('en');
const sourceName = { truth: "people's labels", agreement: "the big model's answers" } as const;

/** Who says what is right, for a sentence. */
const labelled = ({ options }: StepTuning): string => sourceName[options.labelSource];

/** The promise of a threshold, in the words that it holds in, or why there is none. */
export function promiseOf(tuning: StepTuning): string {
  const { certification, options, period } = tuning;
  if ('reason' in certification) {
    const meaning = options.labelSource === 'truth' ? '' : ` Wrong means: ${errorWords.agreement.so}.`;
    return `${certification.reason}${meaning}`;
  }
  const like =
    period === undefined
      ? 'traffic like these rows'
      : `traffic like that of ${period.first} to ${period.last}`;
  if (options.mode === 'joint') {
    return (
      `In expectation over the traffic and over labelled samples of it, at most ${percent(options.target)} of all messages ` +
      `have a result that is kept and ${errorWords[options.labelSource].one}, for ${like}. A single sample can miss that, up to ` +
      'half of them do, and of the kept results alone nothing is promised: a larger share of them is so.'
    );
  }
  return (
    `A procedure that errs at most ${percent(options.delta ?? 1)} of the time says: at most ${percent(options.target)} of ` +
    `the kept results ${errorWords[options.labelSource].many}, for ${like}.`
  );
}

const verdictName = {
  certified: 'certified',
  controlled: 'controlled in expectation',
  not_yet: 'not yet',
  do_not_route: 'do not route',
} as const;

const calibrationText = ({ error, byChance, interval }: StepTuning['quality']['calibration']): string =>
  `${error.toFixed(3)} (by chance ${byChance.toFixed(3)}; 95 % interval ${interval.lower.toFixed(3)} to ${interval.upper.toFixed(3)})`;

type Figure = readonly [name: string, value: string];

/** The figures of a tuned step, each with its name. */
export function figuresOf(tuning: ChosenStep): readonly Figure[] {
  const { certification, rows, quality, accuracy, options } = tuning;
  return [
    ['verdict', verdictName[certification.verdict]],
    ...chosenFigures(tuning),
    ['small model', `${percent(accuracy)} ${errorWords[options.labelSource].not}`],
    ['AUROC of the score', Number.isNaN(quality.auroc) ? '-' : quality.auroc.toFixed(3)],
    ['area under risk and coverage', quality.augrc.toFixed(4)],
    ['calibration error', calibrationText(quality.calibration)],
    ['Brier score', quality.brier.toFixed(3)],
    ...costFigures(tuning),
    ['set', `${tuning.options.from}, tested on ${tuning.options.day}`],
    ['rows', `${rows.given} given, ${rows.fit} to fit, ${rows.certify} to test on`],
    [
      'left out',
      `${rows.repeated} repeated, ${rows.otherFingerprint} of another fingerprint or without an answer`,
    ],
    ['without confidence', String(rows.silent)],
    ...(rows.unlabelled === 0
      ? []
      : [['without a label', `${rows.unlabelled} of the tested on, counted as wrong`] as const]),
    ...openFigures(tuning),
    ['labels', labelled(tuning)],
    ['fingerprint', tuning.fingerprint],
    ['data', tuning.data],
  ];
}

/** What people were asked for and have not answered. */
function openFigures({ rows: { open }, options: { waiting = 0 } }: ChosenStep): readonly Figure[] {
  if (open + waiting === 0) return [];
  const passed = `${open} passed over, counted as wrong`;
  const left = `${waiting} that nobody has come to yet, left out with all traffic since the last label`;
  return [['open requests to people', `${passed}; ${left}`]];
}

function chosenFigures({ choice, passed, rows, options }: ChosenStep): readonly Figure[] {
  if (choice === undefined) return [];
  if (choice.threshold === undefined) {
    return [['threshold', `none of the ${passed.length} proven: the errors are better spent elsewhere`]];
  }
  const { threshold, accepted, errors } = choice.threshold;
  const { target, delta = 1, labelSource } = options;
  const { many, so } = errorWords[labelSource];
  const wrong: Figure =
    options.mode === 'joint'
      ? [
          'errors that are kept',
          `${so}: ${errors} of ${rows.certify} messages (${percent(errors / rows.certify)}; in expectation at most ${percent(target)}), ${percent(errors / accepted)} of the kept`,
        ]
      : [
          'errors among the kept',
          `${errors} ${many} (at most ${percent(upperBound(errors, accepted, delta))})`,
        ];
  return [
    ['threshold', `${threshold}${threshold === passed.at(-1)?.threshold ? '' : ', over the lowest proven'}`],
    ['kept', `${accepted} of ${rows.certify} (${percent(choice.coverage)})`],
    wrong,
  ];
}

/** What routing of the step costs and saves; unknown where a price is. */
function costFigures({ choice, options }: ChosenStep): readonly Figure[] {
  const { costs, small, big, projected, pricesFrom } = options.pricing;
  const least = breakEvenOf(options.pricing);
  if (costs === undefined || least === undefined) {
    const why = `${small} or ${big} has no price now, or the answers tell no tokens`;
    return [['must be kept to pay', `unknown: ${why}`], ...(choice ? ([['saves', 'unknown']] as const) : [])];
  }
  const smallNanos = MESSAGES * Number(costs.smallNanos) * costs.samples;
  const bigNanos = MESSAGES * Number(costs.bigNanos);
  const figures: Figure[] = [
    ['must be kept to pay', least > 1 ? 'more than everything: keeping does not pay' : percent(least)],
    [
      `prices for ${count(MESSAGES)} messages`,
      `${money(smallNanos)} ${small}, ${money(bigNanos)} ${big} (prices of ${pricesFrom})`,
    ],
  ];
  if (choice?.savedNanos === undefined) return figures;
  const { savedNanos, coverage, wrong } = choice;
  const audit = MESSAGES * coverage * costs.shadowRate * Number(costs.bigNanos + costs.personNanos);
  const score = costs.scorerNanos === 0n ? 'nothing' : money(MESSAGES * Number(costs.scorerNanos));
  const whose = projected ? '; a projection, the embedded models cost nothing' : '';
  return [
    ...figures,
    [
      'saves',
      `${money(savedNanos)} on ${count(MESSAGES)} messages (${percent(savedNanos / bigNanos)})${whose}`,
    ],
    [
      'net of',
      `${money(smallNanos)} for ${small} and its samples, ${money(audit)} for the audit, ${score} for the score`,
    ],
    [
      'errors to expect',
      `about ${wrong.toFixed(1)} kept answers on ${count(MESSAGES)} messages ${errorWords[options.labelSource].many}, no bound`,
    ],
  ];
}

/** What the chosen thresholds save together, in a clause. */
export function savingText({ savedNanos }: ChosenSteps): string {
  const saved = savedNanos === undefined ? 'an unknown amount' : money(savedNanos);
  return `save ${saved} on ${count(MESSAGES)} messages`;
}

/** What the chosen thresholds come to together, where there are several. */
export function togetherText(chosen: ChosenSteps): string | undefined {
  const { steps, wrong, nanosPerWrong } = chosen;
  if (steps.filter(({ choice }) => choice !== undefined).length < 2) return undefined;
  const price =
    nanosPerWrong === undefined
      ? ''
      : ` The budget binds: one more wrong answer allowed would save ${money(nanosPerWrong)} more.`;
  return (
    `Together the steps ${savingText(chosen)}, with about ${wrong.toFixed(1)} wrong answers to ` +
    `expect among what is kept.${price}`
  );
}

/**
 * What the certificates mean together, where there are several; empty for a promise in expectation, which has no confidence.
 * Steps that were tested and not certified count as tests.
 */
export function certificatesText({ steps }: ChosenSteps): string {
  const deltas = steps.flatMap(({ options }) => options.delta ?? []);
  return claimsText({
    made: steps.filter(({ certification }) => certification.verdict === 'certified').length,
    tests: deltas.length,
    alpha: Math.max(0, ...deltas),
  });
}

/** A table of the steps for a terminal: a line for each figure, a block for each step. */
export function tuneTable(chosen: ChosenSteps): string {
  const blocks = chosen.steps.map((tuning) => {
    const lines = figuresOf(tuning).map(([name, value]) => `  ${name.padEnd(30)} ${value}`);
    return `${tuning.options.step}\n${lines.join('\n')}\n  ${promiseOf(tuning)}\n`;
  });
  const last = [togetherText(chosen) ?? '', certificatesText(chosen)].filter((text) => text !== '');
  return [...blocks, ...last.map((text) => `${text}\n`)].join('\n');
}
