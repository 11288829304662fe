import * as Plot from '@observablehq/plot';
import { allowedErrorRate, errorWords } from '@spillway/policy/certificate';
import { chart } from '../chart.js';
import { type Html, html, htmlTable, markup, page } from '../html.js';
import { reviewClaimsText } from './claims.js';
import {
  APPROVING,
  actionOf,
  basisText,
  certificateText,
  figuresOf,
  lookText,
  type MonthReview,
  scoresText,
} from './markdown.js';
import type { AuditedMonth, TaskReview } from './review.js';
import { type ScoreMonth, scoreBins } from './scores.js';

const size = { width: 560, grid: true, marginLeft: 90, style: { fontSize: '12px' } } as const;

/** Where the answers of each task went. */
function sharesChart(tasks: readonly TaskReview[]): string {
  const data = tasks.flatMap(({ task, now }) =>
    now.messages === 0
      ? []
      : [
          { task, what: 'kept small', share: now.keptSmall / now.messages },
          { task, what: 'escalated', share: now.escalated / now.messages },
        ],
  );
  return chart('Share of each task’s messages that was kept small, and escalated', {
    ...size,
    height: 260,
    x: { domain: [0, 1], label: 'share of the messages' },
    fy: { label: null },
    y: { axis: null },
    color: { domain: ['kept small', 'escalated'], range: ['#2f7d6b', '#b3542d'] },
    marks: [
      Plot.barX(data, { x: 'share', y: 'what', fy: 'task', fill: 'what' }),
      Plot.text(data, { x: 'share', y: 'what', fy: 'task', text: 'what', textAnchor: 'start', dx: 4 }),
    ],
  });
}

const nameOf = (task: string, source: AuditedMonth['source']): string => `${task}: ${errorWords[source].so}`;

/** The error of each task by each source of labels, against what its certificate allows by its own. */
function errorsChart(tasks: readonly TaskReview[]): string {
  const data = tasks.flatMap(({ task, now }) =>
    now.audited.flatMap(({ source, error }) =>
      error === undefined ? [] : [{ task: nameOf(task, source), share: error.share, ...error.interval }],
    ),
  );
  const allowed = tasks.flatMap(({ task, now, policy: { certificate } }) =>
    certificate === undefined
      ? []
      : now.audited
          .filter(({ source }) => source === certificate.labelSource)
          .map(({ source }) => ({ task: nameOf(task, source), share: allowedErrorRate(certificate) })),
  );
  const names = data.map(({ task }) => task);
  const widest = Math.max(...names.map((name) => name.length));
  return chart('Errors among the kept answers, by whose word, with 95 % intervals', {
    ...size,
    marginLeft: 20 + 7 * widest,
    height: 60 + 36 * data.length,
    x: { label: 'share of the kept', zero: true },
    y: { label: null, type: 'band' },
    marks: [
      Plot.ruleY(data, { y: 'task', x1: 'lower', x2: 'upper', stroke: '#2f7d6b', strokeWidth: 3 }),
      Plot.dot(data, { y: 'task', x: 'share', fill: '#2f7d6b', r: 5 }),
      Plot.tickX(allowed, { y: 'task', x: 'share', stroke: '#b3542d', strokeWidth: 2 }),
    ],
  });
}

/** The month's confidences as bars, with a step at what they are held against. */
function scoresChart(task: string, scores: ScoreMonth): string {
  const data = scoreBins(scores);
  return chart(`Confidence of the small answers of ${task}, this month and in ${scores.against}`, {
    ...size,
    height: 200,
    marginLeft: 50,
    x: { label: 'confidence' },
    y: { label: 'share of the answers', zero: true },
    marks: [
      Plot.rectY(data, { x1: 'from', x2: 'to', y: 'now', fill: '#2f7d6b', inset: 1 }),
      Plot.ruleY(data, { x1: 'from', x2: 'to', y: 'before', stroke: '#b3542d', strokeWidth: 2 }),
    ],
  });
}

function scoresFigure({ task, scores }: TaskReview): Html | string {
  if (scores === undefined) return '';
  return html`<div class="charts"><figure>${markup(scoresChart(task, scores))}<figcaption>${scoresText(scores)} The lines are ${scores.against}’s shares.</figcaption></figure></div>`;
}

const section = (review: TaskReview): Html => html`<h2>${review.task}: ${actionOf(review)}</h2>
<p class="promise">${review.recommendation.reason}</p>
<p>${lookText(review)}</p>
<p>Threshold ${review.policy.threshold}. ${certificateText(review)}</p>
${htmlTable(['figure', 'this month', 'the month before'], figuresOf(review))}
${scoresFigure(review)}
${review.warnings.length === 0 ? '' : html`<p>Changed, a reason to look: ${review.warnings.join('; ')}.</p>`}`;

function charts(tasks: readonly TaskReview[]): Html {
  const audited = tasks.some(({ now }) => now.audited.some(({ error }) => error !== undefined));
  return html`<div class="charts">
<figure>${markup(sharesChart(tasks))}<figcaption>Where the answers of each task went.</figcaption></figure>
${audited ? html`<figure>${markup(errorsChart(tasks))}<figcaption>Audited answers, by whose word. The tick is what the certificate allows by the word that it rests on.</figcaption></figure>` : ''}
</div>`;
}

/** The review as a page that stands alone and runs nothing: no customer's text in it. */
export function reviewPage(review: MonthReview): string {
  const title = `Review of ${review.pack}, ${review.month}`;
  const claims = reviewClaimsText(review.tasks);
  return page(
    title,
    html`<h1>${title}</h1><p class="faint">${basisText(review)}</p><p class="faint">${APPROVING}</p>${claims === '' ? '' : html`<p class="faint">${claims}</p>`}${charts(review.tasks)}${review.tasks.map(section)}`,
  );
}
