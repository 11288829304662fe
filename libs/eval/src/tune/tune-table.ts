import type { StepTuning } from './tune-step.js';

export const percent = (share: number): string => `${Number((100 * share).toFixed(1))} %`;
const sourceName = { truth: "people's labels", agreement: "the big model's answers" } as const;

/** Who says what is right, for a sentence. */
export const labelled = ({ options }: StepTuning): string => sourceName[options.labelSource];

/** The promise of a certificate, in the words that it holds in. */
export function promiseOf(tuning: StepTuning): string {
  const { certification, options, period } = tuning;
  if (certification.verdict !== 'certified') return certification.reason;
  const like =
    period === undefined
      ? 'traffic like these rows'
      : `traffic like that of ${period.first} to ${period.last}`;
  return (
    `A procedure that errs at most ${percent(options.delta)} of the time says: at most ${percent(options.target)} of ` +
    `the kept results differ from ${labelled(tuning)}, for ${like}.`
  );
}

const verdictName = {
  certified: 'certified',
  not_yet: 'not yet',
  do_not_route: 'do not route',
} as const;

/** The verdict, as tables show it. */
export const verdictOf = ({ certification }: StepTuning): string => verdictName[certification.verdict];

const calibrationText = ({ error, byChance, interval }: StepTuning['quality']['calibration']): string =>
  `${error.toFixed(3)} (by chance ${byChance.toFixed(3)}; 95 % interval ${interval.lower.toFixed(3)} to ${interval.upper.toFixed(3)})`;

/** The figures of a tuned step, each with its name. */
export function figuresOf(tuning: StepTuning): readonly (readonly [string, string])[] {
  const { certification, rows, quality, accuracy, options } = tuning;
  return [
    ['verdict', verdictOf(tuning)],
    ...(certification.verdict === 'certified'
      ? ([
          ['threshold', String(certification.threshold)],
          ['kept', `${certification.accepted} of ${certification.rows} (${percent(certification.coverage)})`],
          ['wrong among the kept', `${certification.errors} (at most ${percent(certification.upperBound)})`],
        ] as const)
      : []),
    ['small model right', percent(accuracy)],
    ['AUROC of the score', Number.isNaN(quality.auroc) ? '-' : quality.auroc.toFixed(3)],
    ['area under risk and coverage', quality.augrc.toFixed(4)],
    ['calibration error', calibrationText(quality.calibration)],
    ['Brier score', quality.brier.toFixed(3)],
    ['must be kept to pay', percent(options.breakEven)],
    ['rows', `${rows.given} given, ${rows.fit} to fit, ${rows.certify} to certify`],
    ['left out', `${rows.repeated} repeated, ${rows.otherFingerprint} of another fingerprint`],
    ['without confidence', String(rows.silent)],
    ['labels', labelled(tuning)],
    ['fingerprint', tuning.fingerprint],
    ['data', tuning.data],
  ];
}

/** A table of the steps for a terminal: a line for each figure, a column for each step. */
export function tuneTable(tunings: readonly StepTuning[]): string {
  return tunings
    .map((tuning) => {
      const lines = figuresOf(tuning).map(([name, value]) => `  ${name.padEnd(30)} ${value}`);
      return `${tuning.options.step}\n${lines.join('\n')}\n  ${promiseOf(tuning)}\n`;
    })
    .join('\n');
}
