import * as Plot from '@observablehq/plot';
import { reliability } from '@spillway/confidence/reliability';
import { riskCoverage } from '@spillway/confidence/risk-coverage';
import { errorWords } from '@spillway/policy/certificate';
import { chart } from '../chart.js';
import { type Html, html, htmlTable, markup, page } from '../html.js';
import type { ChosenStep, ChosenSteps } from './threshold-choice.js';
import { type Point, pointsOf, type StepTuning, type TuneOptions, withLabel } from './tune-step.js';
import { certificatesText, figuresOf, percent, promiseOf, togetherText } from './tune-table.js';

const size = {
  width: 440,
  height: 330,
  marginBottom: 44,
  marginLeft: 48,
  grid: true,
  style: { fontSize: '12px' },
} as const;

const columns = (points: readonly Point[]) =>
  [points.map(({ score }) => score), points.map(({ right }) => right)] as const;

function reliabilityChart(tuning: StepTuning): string {
  const data = reliability(...columns(pointsOf({ judged: withLabel(tuning.judged) }))).map(
    ({ confidence, accuracy, interval }) => ({
      said: confidence,
      right: accuracy,
      ...interval,
    }),
  );
  return chart('Reliability: confidence said against share that is right', {
    ...size,
    x: { domain: [0, 1], label: 'confidence said' },
    y: { domain: [0, 1], label: 'share that is right' },
    marks: [
      Plot.line(
        [
          [0, 0],
          [1, 1],
        ],
        { strokeDasharray: '4 4', strokeOpacity: 0.5 },
      ),
      Plot.ruleX(data, { x: 'said', y1: 'lower', y2: 'upper', strokeOpacity: 0.4 }),
      Plot.line(data, { x: 'said', y: 'right', stroke: '#2f7d6b' }),
      Plot.dot(data, { x: 'said', y: 'right', fill: '#2f7d6b', r: 4 }),
    ],
  });
}

const shareName = ({ mode, labelSource }: TuneOptions): string =>
  mode === 'selective'
    ? `share of the kept ${errorWords[labelSource].so}`
    : `share of all messages kept and ${errorWords[labelSource].so}`;

/** What each threshold keeps and how much of it is wrong, measured as the promise measures it. */
function riskChart(chosen: ChosenStep): string {
  const { choice, options, rows } = chosen;
  const points = pointsOf(chosen);
  const share = points.length / Math.max(1, rows.certify);
  const measured = (kept: number, wrong: number) => ({
    kept,
    wrong: options.mode === 'joint' ? kept * wrong : wrong,
  });
  const data = riskCoverage(...columns(points)).map(({ coverage, risk }) => measured(coverage * share, risk));
  const threshold = choice?.threshold;
  const proposed =
    threshold === undefined ? [] : [measured(choice?.coverage ?? 0, threshold.errors / threshold.accepted)];
  const name = shareName(options);
  return chart(`Risk and coverage: ${name} against share kept`, {
    ...size,
    x: { domain: [0, 1], label: 'share kept' },
    y: { label: name, zero: true },
    marks: [
      Plot.ruleY([options.target], { stroke: '#b3542d', strokeDasharray: '4 4' }),
      Plot.line(data, { x: 'kept', y: 'wrong', stroke: '#2f7d6b' }),
      Plot.dot(proposed, { x: 'kept', y: 'wrong', fill: '#b3542d', r: 5 }),
    ],
  });
}

function stepSection(tuning: ChosenStep): Html {
  const { classes, later, options } = tuning;
  return html`<h2>${options.step}</h2>
<p class="promise">${promiseOf(tuning)}</p>
${htmlTable(['figure', 'value'], figuresOf(tuning))}
${tuning.fitReason === undefined ? '' : html`<p>Calibrator: ${tuning.fitReason}.</p>`}
<div class="charts">
<figure>${markup(reliabilityChart(tuning))}<figcaption>Reliability on the rows tested on, ten bins of equal mass, 95 % intervals.</figcaption></figure>
<figure>${markup(riskChart(tuning))}<figcaption>Risk and coverage on the rows tested on. The line is the target, the dot what is proposed.</figcaption></figure>
</div>
${later === undefined ? '' : html`<p>Newest week, from ${later.from}: ${later.errors} of ${later.kept} kept ${errorWords[options.labelSource].many} (95 % interval ${percent(later.interval.lower)} to ${percent(later.interval.upper)}).</p>`}
${
  classes.length === 0
    ? ''
    : html`<h3>By label</h3><p class="faint">A description with 95 % intervals for each label alone: the promise is about all of them together.</p>${htmlTable(
        ['label', 'rows', 'kept', errorWords[options.labelSource].so, '95 % interval of that share'],
        classes.map(({ label, rows, kept, errors, interval }) => [
          label,
          String(rows),
          String(kept),
          String(errors),
          kept === 0 ? '-' : `${percent(interval.lower)} to ${percent(interval.upper)}`,
        ]),
      )}`
}`;
}

/** A page that stands alone: every figure with its data, label source, rows and date, and nothing of a customer's text. */
export function tuneReport(pack: string, day: string, chosen: ChosenSteps): string {
  const joint = chosen.steps.some(({ options }) => options.mode === 'joint');
  const title = joint ? `Thresholds of ${pack}, held in expectation` : `Certified thresholds of ${pack}`;
  const together = togetherText(chosen);
  return page(
    title,
    html`<h1>${title}</h1><p class="faint">${day}. All figures are of labelled rows that nothing was fitted to. ${certificatesText(chosen)}</p>${
      together === undefined ? '' : html`<p>${together}</p>`
    }${chosen.steps.map(stepSection)}`,
  );
}
