/** What `doctor` says of one thing that it looked at. */
export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  /** What was found; for a failure its cause. */
  readonly found: string;
  /** What to do about a failure. */
  readonly fix?: string;
}
