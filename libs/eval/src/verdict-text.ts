import { counted } from '@spillway/confidence/counted';
import type { NonInferiority } from './statistics/non-inferiority.js';
import type { CascadeFigures, StepVerdict } from './verdict.js';

const whole = (count: number | bigint): string => count.toLocaleString('en-US');
const percent = (share: number): string => `${Number((100 * share).toFixed(1))} %`;

const dollars = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: 'USD',
  maximumFractionDigits: 4,
});
/** Rounded for a sentence; the exact amount stands in the table beside it. */
const dollarsText = (nanos: bigint): string => dollars.format(Number(nanos) / 1e9);

/** A share as points of a hundred: "2 points", "1 point". */
export function pointsText(share: number): string {
  const points = Number((100 * share).toFixed(1));
  return `${points} ${points === 1 ? 'point' : 'points'}`;
}

/**
 * What a test that was passed allows to be said. Never that nothing is lost: only how much more than which was ruled out, how
 * surely and on how many messages.
 */
export const claimText = ({ margin, confidence }: NonInferiority, rows: number): string =>
  `no loss above ${pointsText(margin)} with ${percent(confidence)} confidence on ${messages(rows)}`;

const messages = (count: number | bigint): string => counted(count, 'message');

/** The verdict in one or more sentences, in the words that it holds in. */
export function verdictText(verdict: StepVerdict): string {
  return [floorText(verdict), recommendationText(verdict), fineTuningText(verdict)]
    .filter((sentence) => sentence !== '')
    .join(' ');
}

function floorText({ underFloor, facts: { smallRight, floor = 0 } }: StepVerdict): string {
  if (!underFloor) return '';
  return `Under the floor: the small model has ${percent(smallRight)} right, and must have ${percent(floor)}.`;
}

function recommendationText({ recommendation, facts }: StepVerdict): string {
  const { rows, small, bigNanosPerThousand } = facts;
  switch (recommendation.keep) {
    case 'small':
      return `Keep the small model: ${claimText(recommendation.test, rows)}.`;
    case 'cascade':
      return cascadeText(recommendation.cascade, rows, bigNanosPerThousand);
    case 'undecided':
      return (
        `Not enough data: ${whole(recommendation.moreRows)} more. So many further messages like these ` +
        `${whole(rows)} would probably show whether more than ${pointsText(small.margin)} are lost.`
      );
    case 'big':
      return `Big model only: ${bigReason(recommendation.why, small, rows)}.`;
  }
}

function cascadeText(
  { threshold, chosenOn, sent, test, tested, nanosPerThousand }: CascadeFigures,
  rows: number,
  bigNanos: bigint | undefined,
): string {
  const cost =
    nanosPerThousand === undefined || bigNanos === undefined
      ? 'at an unknown price'
      : `at ${dollarsText(nanosPerThousand)} for 1,000 messages in place of ${dollarsText(bigNanos)}`;
  const source =
    chosenOn === 'policy' ? "the policy's" : 'chosen on these messages, which the test allows for';
  return (
    `Small model, and the big one under a confidence of ${Number(threshold.toFixed(4))} (${source}): ` +
    `${claimText(test, tested)}${tested < rows ? ', the first of each conversation' : ''}, ${percent(sent)} sent to the big model, ${cost}.`
  );
}

function bigReason(
  why: 'worse' | 'not shown' | 'dearer' | 'under the floor',
  { margin, confidence }: NonInferiority,
  rows: number,
): string {
  switch (why) {
    case 'worse':
      return `the small one loses more than ${pointsText(margin)} with ${percent(confidence)} confidence on ${messages(rows)}, and no cascade is shown to lose less`;
    case 'not shown':
      return `on ${messages(rows)} nothing cheaper is shown to lose no more than ${pointsText(margin)}, and more like these would not show it`;
    case 'dearer':
      return `what loses no more than ${pointsText(margin)} on ${messages(rows)} costs more than the big model`;
    case 'under the floor':
      return `no cascade is shown to lose no more than ${pointsText(margin)} on ${messages(rows)}`;
  }
}

function fineTuningText({ worthFineTuningFrom }: StepVerdict): string {
  if (worthFineTuningFrom === undefined) return '';
  return `Worth fine-tuning from ${messages(worthFineTuningFrom)} on, if the fine-tuned model then does what is assumed of it.`;
}
