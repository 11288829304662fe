import type { TaskName } from '@spillway/policy/policy';

/** What was in force when an answer was drawn, and how sure the small model was of it. */
export interface DrawnTerms {
  /** Chance with which the message was drawn. */
  readonly rate: number;
  readonly confidence?: number;
  readonly threshold?: number;
  readonly fingerprint: string;
}

/** What the audit does beside the message: nothing of it changes the case, and nothing waits for it. */
export type AuditAction =
  /** Ask the big model too, about an answer that was kept. */
  | { readonly type: 'audit'; readonly step: TaskName }
  /** Ask a person to label the message, whose answer was kept. */
  | ({ readonly type: 'label'; readonly step: TaskName } & DrawnTerms)
  /** The small model's answer was not kept: how it compares with the big model's, which came in its place. */
  | {
      readonly type: 'compared';
      readonly step: TaskName;
      readonly wrong: boolean;
      readonly confidence?: number;
      readonly threshold: number;
      readonly fingerprint: string;
    };
