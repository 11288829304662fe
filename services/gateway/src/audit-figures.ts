import { type ShadowLabel, shadowError } from '@spillway/confidence/shadow-interval';
import type { AuditGroup } from '@spillway/store/ledger';
import { z } from 'zod';

const LEVEL = 0.95;
const time = z.string().meta({ format: 'date-time' });

/** What the audits of one step come to. */
export const auditFiguresSchema = z.object({
  audited: z
    .array(
      z.object({
        label_source: z
          .enum(['truth', 'agreement'])
          .describe(
            'people’s labels, or the big model’s answers: a disagreement, which either may be right in. Only whoever was asked counts',
          ),
        labels: z.int(),
        errors: z.int(),
        missing: z.int().describe('drawn, and no label came'),
        error_rate: z.number().nullable().describe('of what was kept'),
        lower: z
          .number()
          .nullable()
          .describe(`${LEVEL * 100} % interval`),
        upper: z.number().nullable(),
        method: z.enum(['clopper_pearson', 'korn_graubard']).nullable(),
        first: time,
        last: time,
        policy_versions: z.array(z.string()),
        fingerprints: z.array(z.string()),
      }),
    )
    .describe(
      'kept small answers of messages that were drawn at random, by whose word they were held against',
    ),
  escalated: z
    .object({ labels: z.int(), disagreements: z.int() })
    .describe('small answers that were not kept, and those of them that the big model did not agree with'),
  picked: z
    .object({ labels: z.int(), errors: z.int() })
    .describe(
      'what people labelled unasked, drawn messages too, and what they called wrong of it: they pick what looks odd, so it stands for no other message',
    ),
});

/** Sums groups of one step up: per label source the error rate of what was kept, with its interval. */
export function auditFigures(groups: readonly AuditGroup[]): z.output<typeof auditFiguresSchema> {
  const drawn = groups.filter(({ audit }) => audit === 'shadow');
  const escalated = groups.filter(({ audit }) => audit === 'escalated');
  const picked = groups.filter(({ audit }) => audit === 'person');
  return {
    audited: (['truth', 'agreement'] as const).flatMap((source) => {
      const ofSource = drawn.filter((group) => group.source === source);
      return ofSource.length === 0 ? [] : [{ label_source: source, ...drawnFigures(ofSource) }];
    }),
    escalated: { labels: total(escalated, 'labels'), disagreements: total(escalated, 'errors') },
    picked: { labels: total(picked, 'labels'), errors: total(picked, 'errors') },
  };
}

function drawnFigures(groups: readonly AuditGroup[]) {
  const rows = groups.flatMap(rowsOf);
  const error = rows.length === 0 ? undefined : shadowError(rows, LEVEL);
  return {
    labels: rows.length,
    errors: total(groups, 'errors'),
    missing: total(groups, 'missing'),
    error_rate: error?.share ?? null,
    lower: error?.interval.lower ?? null,
    upper: error?.interval.upper ?? null,
    method: error?.method ?? null,
    first: new Date(Math.min(...groups.map(({ firstMs }) => firstMs))).toISOString(),
    last: new Date(Math.max(...groups.map(({ lastMs }) => lastMs))).toISOString(),
    policy_versions: [...new Set(groups.map(({ policyVersion }) => policyVersion))],
    fingerprints: [...new Set(groups.map(({ fingerprint }) => fingerprint))],
  };
}

const rowsOf = ({ rate, labels, errors }: AuditGroup): readonly ShadowLabel[] =>
  Array.from({ length: labels }, (_, index) => ({ rate, wrong: index < errors }));

const total = (groups: readonly AuditGroup[], figure: 'labels' | 'errors' | 'missing'): number =>
  groups.reduce((sum, group) => sum + group[figure], 0);
