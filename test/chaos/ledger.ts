import { call } from '../src/api.js';

/** A message as the API lists it. */
export interface LedgerEntry {
  readonly id: string;
  readonly status: string;
}

interface Page {
  readonly items: readonly LedgerEntry[];
  readonly next_cursor: string | null;
}

/** Every message that the API lists, page by page. */
export async function readLedger(url: string): Promise<readonly LedgerEntry[]> {
  const entries: LedgerEntry[] = [];
  for (let cursor = ''; ; ) {
    const { status, body } = await call<Page>(`${url}/v1/messages?limit=100${cursor}`);
    if (status !== 200) throw new Error(`the list was answered with ${status}: ${JSON.stringify(body)}`);
    entries.push(...body.items);
    if (body.next_cursor === null) return entries;
    cursor = `&cursor=${encodeURIComponent(body.next_cursor)}`;
  }
}
