import type { TaskName } from '@spillway/policy/policy';

/** What the audit does beside the message: nothing of it changes the case, and nothing waits for it. */
export type AuditAction =
  /** Ask the big model too, about an answer that was kept. */
  | { readonly type: 'audit'; readonly step: TaskName }
  /** The small model's answer was not kept: how it compares with the big model's, which came in its place. */
  | {
      readonly type: 'compared';
      readonly step: TaskName;
      readonly wrong: boolean;
      readonly confidence?: number;
      readonly threshold: number;
      readonly fingerprint: string;
    };
