import * as Plot from '@observablehq/plot';
import { reliability } from '@spillway/confidence/reliability';
import { chart } from '../chart.js';
import { type Html, html, htmlTable, markup, page } from '../html.js';
import { verdictText } from '../verdict-text.js';
import { differenceTable, lineTable, meaningOf, notesOf, type Table } from './cells.js';
import type { StepFigures } from './compare-step.js';
import { judgeTable } from './judge-report.js';
import { labelPlaces, type PlacedLabel } from './label-places.js';
import { claimsLine, type ReportHead } from './markdown.js';
import type { StepComparison } from './step-comparison.js';

const size = {
  width: 440,
  height: 330,
  marginBottom: 44,
  marginLeft: 52,
  grid: true,
  style: { fontSize: '12px' },
} as const;
const [GREEN, RED] = ['#2f7d6b', '#b3542d'];

/** Dollars of 1,000 messages: as billed, or as projected where an embedded model answered for nothing. */
function costOf(
  { models }: StepFigures,
  point: { readonly nanosPerThousand: bigint | undefined; readonly referencePerThousand: bigint | undefined },
): number | undefined {
  const nanos = models.some(({ embedded }) => embedded) ? point.referencePerThousand : point.nanosPerThousand;
  return nanos === undefined ? undefined : Number(nanos) / 1e9;
}

/** Room around the drawing, in pixels, as {@link size} leaves it. */
const MARGIN = { right: 56, top: 24 } as const;
/** Of the highest and the widest, so that no dot lies on the frame. */
const ROOM = 0.05;

/** A line of numbers in pixels. */
const scale =
  ([low, high]: readonly [number, number], [from, to]: readonly [number, number]) =>
  (value: number): number =>
    from + ((value - low) / (high - low || 1)) * (to - from);

/** A name that stands farther from its dot is tied to it. */
const TIED_FROM = 20;

/** A place of the drawing in pixels, as data. */
type DataAt = (place: { readonly x: number; readonly y: number }) => readonly [cost: number, right: number];

function labelMarks({ name, x, y, dot }: PlacedLabel, dataAt: DataAt): readonly Plot.Markish[] {
  const place = dataAt({ x, y });
  const words = Plot.text([place], {
    text: () => name,
    textAnchor: 'start',
    // The lines behind a name end before it.
    stroke: 'var(--ground, #fff)',
    fill: 'currentColor',
  });
  if (Math.abs(y - dot.y) < TIED_FROM) return [words];
  const ends = [dataAt(dot), place];
  return [Plot.line(ends, { strokeOpacity: 0.6, strokeWidth: 1 }), words];
}

/** Undefined where a price is unknown: nothing is drawn then. */
function qualityChart(figures: StepFigures): string | undefined {
  const lines = figures.lines.flatMap((line) => {
    const cost = costOf(figures, line);
    const { value, interval } = line.accuracy;
    return cost === undefined ? [] : [{ name: line.name, cost, right: value, ...interval }];
  });
  const curve = figures.hindsight.flatMap((point) => {
    const cost = costOf(figures, point);
    return cost === undefined ? [] : [{ cost, right: point.accuracy }];
  });
  if (lines.length < figures.lines.length) return undefined;
  const widest = Math.max(...[...lines, ...curve].map(({ cost }) => cost));
  const heights = [
    ...lines.flatMap(({ lower, right, upper }) => [lower, right, upper]),
    ...curve.map(({ right }) => right),
  ].filter(Number.isFinite);
  const [lowest, highest] = [Math.min(...heights), Math.max(...heights)];
  const room = ROOM * (highest - lowest);
  const costs = [0, widest * (1 + ROOM) || 1] as const;
  const shares = [Math.max(0, lowest - room), Math.min(1, highest + room)] as const;
  const frame = {
    left: size.marginLeft,
    right: size.width,
    top: MARGIN.top,
    bottom: size.height - size.marginBottom,
  };
  const [across, up] = [[frame.left, size.width - MARGIN.right] as const, [frame.bottom, frame.top] as const];
  const [x, y] = [scale(costs, across), scale(shares, up)];
  const [costAt, shareAt] = [scale(across, costs), scale(up, shares)];
  const dataAt: DataAt = (place) => [costAt(place.x), shareAt(place.y)];
  const dots = lines.map((line) => ({ name: line.name, x: x(line.cost), y: y(line.right) }));
  return chart('Cost against quality: share right by dollars of 1,000 messages', {
    ...size,
    marginRight: MARGIN.right,
    marginTop: MARGIN.top,
    x: { label: 'dollars of 1,000 messages', domain: [...costs] },
    y: { label: 'share right', domain: [...shares] },
    marks: [
      Plot.line(curve, { x: 'cost', y: 'right', strokeOpacity: 0.45, strokeDasharray: '3 3' }),
      Plot.ruleX(lines, { x: 'cost', y1: 'lower', y2: 'upper', strokeOpacity: 0.35 }),
      Plot.dot(lines, { x: 'cost', y: 'right', r: 4, fill: GREEN }),
      Plot.dot(
        lines.filter(({ name }) => name === 'cascade'),
        { x: 'cost', y: 'right', r: 4, fill: RED },
      ),
      ...labelPlaces(dots, frame).flatMap((label) => labelMarks(label, dataAt)),
    ],
  });
}

function reliabilityChart({ confidences }: StepFigures): string {
  const data = reliability(
    confidences.map(({ confidence }) => confidence),
    confidences.map(({ right }) => right),
  ).map(({ confidence, accuracy, interval }) => ({ said: confidence, right: accuracy, ...interval }));
  const diagonal: [number, number][] = [
    [0, 0],
    [1, 1],
  ];
  return chart('Reliability: confidence said against share that is right', {
    ...size,
    x: { domain: [0, 1], label: 'confidence said' },
    y: { domain: [0, 1], label: 'share that is right' },
    marks: [
      Plot.line(diagonal, { strokeDasharray: '4 4', strokeOpacity: 0.5 }),
      Plot.ruleX(data, { x: 'said', y1: 'lower', y2: 'upper', strokeOpacity: 0.4 }),
      Plot.line(data, { x: 'said', y: 'right', stroke: GREEN }),
      Plot.dot(data, { x: 'said', y: 'right', fill: GREEN, r: 4 }),
    ],
  });
}

/** Pixels of a cell, so that every label can be read. */
const CELL = 26;

/** Rows are labels, columns what the cascade says. */
function confusionChart(cells: NonNullable<StepComparison['confusion']>): string {
  const labels = [...new Set(cells.flatMap(({ truth, said }) => [truth, said]))].sort();
  const longest = Math.max(...labels.map((label) => label.length));
  const margin = 24 + 6.4 * longest;
  return chart('Confusion matrix: labels against what is answered', {
    style: { fontSize: '12px' },
    width: margin + CELL * labels.length + 40,
    height: margin + CELL * labels.length + 20,
    marginLeft: margin,
    marginTop: margin,
    padding: 0.04,
    x: { domain: labels, axis: 'top', tickRotate: -90, label: null },
    y: { domain: labels, label: null },
    color: {
      type: 'linear',
      domain: [0, Math.max(...cells.map(({ rows }) => rows))],
      range: ['#eef2f5', GREEN],
    },
    marks: [
      Plot.cell(cells, { x: 'said', y: 'truth', fill: 'rows' }),
      Plot.text(cells, { x: 'said', y: 'truth', text: 'rows', fill: '#111' }),
    ],
  });
}

const figure = (drawing: string, caption: string): Html =>
  html`<figure>${markup(drawing)}<figcaption>${caption}</figcaption></figure>`;

function chartsOf({ figures, confusion }: StepComparison): Html {
  const { models, reference } = figures;
  const quality = qualityChart(figures);
  const cascade = figures.lines.find(({ name }) => name === 'cascade');
  const drawn = [
    ...(quality === undefined
      ? []
      : [
          figure(
            quality,
            `Cost against quality. Red: the cascade as the policy has it (${cascade === undefined ? '' : meaningOf(cascade, figures)}). Dashed: what other thresholds would have done on these very rows, in hindsight; it promises nothing.${models.some(({ embedded }) => embedded) ? ` Dollars are a projection at the prices of ${reference.small} and ${reference.big}.` : ''}`,
          ),
        ]),
    ...(figures.confidences.length === 0
      ? []
      : [
          figure(
            reliabilityChart(figures),
            'Reliability of the small model’s confidence, ten bins of equal mass, 95 % intervals.',
          ),
        ]),
    ...(confusion === undefined
      ? []
      : [
          figure(
            confusionChart(confusion),
            'Rows: labels. Columns: what the cascade answers. Numbers are messages.',
          ),
        ]),
  ];
  return html`<div class="charts">${drawn}</div>`;
}

const table = ({ title, head, rows }: Table): Html =>
  rows.length === 0 ? html`` : html`<h3>${title}</h3>${htmlTable(head, rows)}`;

function section(comparison: StepComparison): Html {
  const { figures, details, verdict, judged } = comparison;
  return html`<h2>${figures.step}</h2>
<p class="promise">${verdictText(verdict)}</p>
${table(lineTable(figures))}${table(differenceTable(figures))}
${chartsOf(comparison)}
${judged === undefined ? '' : table(judgeTable(judged))}${details.map(table)}
<ul class="faint">${notesOf(figures).map((note) => html`<li>${note}</li>`)}</ul>`;
}

/** A page that stands alone: every figure with its set, label source, rows and date, and nothing of a customer's text. */
export function comparisonPage(
  { pack, day, policyVersion }: ReportHead,
  comparisons: readonly StepComparison[],
): string {
  const title = `Evaluation of ${pack}`;
  return page(
    title,
    html`<h1>${title}</h1><p class="faint">${day}, policy ${policyVersion}. ${claimsLine(comparisons)}</p>${comparisons.map(section)}`,
  );
}
