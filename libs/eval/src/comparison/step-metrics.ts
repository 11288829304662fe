import type { Pack } from '@spillway/pack/pack';
import type { LabelledRow } from '../dataset.js';
import type { ReplyRow } from '../reply-rows.js';
import { fieldMetrics } from './field-metrics.js';
import { labelMetrics } from './label-metrics.js';
import type { StepMetrics } from './measured.js';
import { replyMetrics } from './reply-metrics.js';

/** A step's rows as they were read. */
export type EvalRows =
  | { readonly step: 'classify' | 'extract' | 'sentiment'; readonly rows: readonly LabelledRow[] }
  | { readonly step: 'draft' | 'polish'; readonly rows: readonly ReplyRow[] };

/** How the answers to these rows are measured. */
export function metricsOf(pack: Pack, read: EvalRows): StepMetrics {
  switch (read.step) {
    case 'classify':
    case 'sentiment':
      return labelMetrics(read.step, read.rows);
    case 'extract':
      return fieldMetrics(pack, read.rows as readonly LabelledRow<'extract'>[]);
    default:
      return replyMetrics(pack, read.rows);
  }
}
