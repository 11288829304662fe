import type { LedgerReader, MessageView } from '@spillway/store/ledger';

/** As many as the ledger gives at a time. */
const PAGE = 200;

/** The messages received from a moment on (milliseconds since the epoch), the newest first. Reads them page by page. */
export async function* messagesSince(ledger: LedgerReader, sinceMs: number): AsyncGenerator<MessageView> {
  let cursor: string | undefined;
  do {
    const page = await ledger.list(cursor === undefined ? { limit: PAGE } : { limit: PAGE, cursor });
    for (const message of page.items) {
      if (message.receivedAtMs < sinceMs) return;
      yield message;
    }
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}
