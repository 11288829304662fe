import type { GroupCommit } from '@spillway/sqlite/group-commit';
import type { EmbeddedLog, Stream } from './embedded-log.js';

export interface Retention {
  /** Milliseconds after which a record may be deleted, once every known group has it done. Default: a day. */
  readonly retentionMs: number;
  /** The same for dead-letter topics, which someone may yet want to replay. Default: thirty days. */
  readonly deadRetentionMs: number;
  /** Milliseconds between looks for records to delete. Default: a minute. */
  readonly trimMs: number;
}

const DAY_MS = 86_400_000;
/** Records looked at in one transaction. */
const BATCH = 500;
/** How the name of every dead-letter topic ends. */
const DEAD = '.dead';

/** Deletes from time to time what is old and done. Returns the function that ends it. */
export function trimming(
  log: EmbeddedLog,
  writes: GroupCommit,
  options: Partial<Retention>,
  onFailure: (error: unknown) => void,
): () => void {
  const { retentionMs = DAY_MS, deadRetentionMs = 30 * DAY_MS, trimMs = 60_000 } = options;
  let stopped = false;

  async function trim(): Promise<void> {
    const lowest = log.lowestCommitted();
    const now = Date.now();
    const expiry = {
      youngest: now - Math.min(retentionMs, deadRetentionMs),
      of: ({ number, topic }: Stream) => ({
        offset: lowest.get(number) ?? Number.POSITIVE_INFINITY,
        before: now - (topic.endsWith(DEAD) ? deadRetentionMs : retentionMs),
      }),
    };
    let from: number | undefined = 0;
    while (from !== undefined && !stopped) {
      const start: number = from;
      from = await writes.run(() => log.trim(start, BATCH, expiry));
    }
  }

  const timer = setInterval(() => trim().catch(onFailure), trimMs).unref();
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}
