import { alarmLevel, UNWATCHED } from '@spillway/confidence/signals';
import { percent } from '@spillway/policy/certificate';
import type { TaskName, TaskPolicy } from '@spillway/policy/policy';
import { type ShareWatch, watchLevels } from '@spillway/store/task-watch';
import { z } from 'zod';

/** A share of a task's small answers that needs no label to be watched. */
export const shareSchema = z.object({
  signal: z
    .enum(['below_threshold', 'out_of_scope', 'outside_labels', 'off_schema'])
    .describe(
      'of the answers: not sure enough, none of the business, over a tenth of the probability outside of the labels, off the schema at first. The last two only where the certificate has them: not every endpoint tells',
    ),
  off: z.string().nullable().describe('why it is not watched; null: it is'),
  expected: z.number().nullable().describe('share of the answers that the certificate rests on'),
  allowed: z.number().nullable().describe('the highest share that is no alarm'),
  statistic: z.number(),
  alarm_at: z.number().nullable(),
  answers: z.int().describe('observed under this version until an alarm; saved every few seconds'),
  events: z.int().describe('of these, answers that were so'),
});

type ShareSignal = z.output<typeof shareSchema>['signal'];

/** What is watched of all small answers of a task, how that stands, and where it is not watched why. */
export const sharesJson = (
  task: TaskName,
  terms: TaskPolicy,
  shares: ShareWatch = {},
): readonly z.output<typeof shareSchema>[] =>
  signalsOf(task, terms).map((signal) => {
    const levels = watchLevels(terms);
    const { drift } = shares[signal] ?? UNWATCHED;
    const allowed = levels[signal] ?? null;
    return {
      signal,
      off: allowed === null ? whyOff(signal, terms) : null,
      expected: expectedShare(signal, terms) ?? null,
      allowed,
      statistic: drift.statistic,
      alarm_at: allowed === null ? null : alarmLevel(levels),
      answers: drift.labels,
      events: drift.errors,
    };
  });

/** Only a classification says what is out of scope, and only some endpoints what labels and schema are to their answers. Of replies nothing can be expected before they are certified. */
function signalsOf(task: TaskName, { certificate }: TaskPolicy): readonly ShareSignal[] {
  if (task === 'polish' || (task === 'draft' && certificate === undefined)) return [];
  const { outsideLabels, offSchema } = certificate?.expected ?? {};
  return [
    'below_threshold',
    ...(task === 'classify' ? (['out_of_scope'] as const) : []),
    ...(outsideLabels === undefined ? [] : (['outside_labels'] as const)),
    ...(offSchema === undefined ? [] : (['off_schema'] as const)),
  ];
}

function expectedShare(signal: ShareSignal, { certificate }: TaskPolicy): number | undefined {
  const { rows = 0, belowThreshold, outOfScope, outsideLabels, offSchema } = certificate?.expected ?? {};
  const counts = {
    below_threshold: belowThreshold,
    out_of_scope: outOfScope,
    outside_labels: outsideLabels,
    off_schema: offSchema,
  };
  const events = counts[signal];
  return events === undefined ? undefined : events / rows;
}

function whyOff(signal: ShareSignal, terms: TaskPolicy): string {
  if (terms.certificate === undefined) return 'there is no certificate';
  if (terms.shadow === undefined) return 'the policy has no shadow, which says what an alarm leads to';
  const share = expectedShare(signal, terms);
  return share === undefined
    ? 'the certificate does not say which share to expect: spillway tune writes one that does'
    : `${percent(share)} of the answers are so as a rule, and from about half of them on nothing can be told`;
}
