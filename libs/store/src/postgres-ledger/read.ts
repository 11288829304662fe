import { type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import type { Counts, ListQuery, MessageStatus, MessageView, Page, ReviewView } from '../ledger.js';
import type { AuditRequestRow, AuditRow } from '../ledger-audit-rows.js';
import { statuses } from '../ledger-codes.js';
import { decodeCursor, encodeCursor, type Place } from '../ledger-cursor.js';
import {
  type DeadLetterRow,
  type DecisionRow,
  type MessageRow,
  messageView,
  pageOf,
  type ReviewRow,
  reviewView,
  type WaitRow,
} from '../ledger-rows.js';
import type { StepRow } from '../ledger-step-rows.js';
import { monthOf } from './month.js';
import { originalRow, storedText } from './stored-text.js';
import type { ContentsTable, RepliesTable, Tables } from './tables.js';

/** Runs reads that all see the same moment. */
export const snapshot = <T>(
  database: Kysely<Tables>,
  read: (at: Transaction<Tables>) => Promise<T>,
): Promise<T> =>
  database.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(read);

/** One message, undefined before its receipt. */
export function readMessage(database: Kysely<Tables>, id: string): Promise<MessageView | undefined> {
  return snapshot(database, async (at) => {
    const found = await at
      .selectFrom('messages')
      .selectAll()
      .where('month', '=', monthOf(id))
      .where('id', '=', storedText(id))
      .where('received_at_ms', 'is not', null)
      .execute();
    const [view] = await messageViews(at, found);
    return view;
  });
}

/** Messages, newest first. Throws `malformed` for a cursor that it never gave. */
export async function listMessages(
  database: Kysely<Tables>,
  { status, intent, cursor, limit }: ListQuery,
): Promise<Page<MessageView>> {
  const place = cursor === undefined ? end : decodeCursor('messages', cursor);
  return snapshot(database, async (at) => {
    let found = at
      .selectFrom('messages')
      .selectAll()
      .where(sql<boolean>`(received_at_ms, number) < (${place.atMs}::bigint, ${place.number}::bigint)`)
      .orderBy('received_at_ms', 'desc')
      .orderBy('number', 'desc')
      .limit(limit + 1);
    if (status !== undefined) found = found.where('status', '=', statuses.indexOf(status));
    if (intent !== undefined) found = found.where('intent', '=', storedText(intent));
    const rows = await found.execute();
    const views = await messageViews(at, rows.slice(0, limit));
    return { ...pageOf(rows, limit, (row) => row, cursorOfMessage), items: views };
  });
}

const end: Place = { atMs: Number.MAX_SAFE_INTEGER, number: Number.MAX_SAFE_INTEGER };
const start: Place = { atMs: Number.MIN_SAFE_INTEGER, number: 0 };

const cursorOfMessage = (row: FoundMessage): string =>
  encodeCursor('messages', { atMs: Number(row.received_at_ms), number: Number(row.number) });

type ContentsRow = Selectable<ContentsTable>;
type ReplyRow = Selectable<RepliesTable>;
type FoundMessage = Selectable<Tables['messages']>;

/** The views of messages, in their order. What hangs on them is read by their ids, for all of a page at once. */
async function messageViews(
  at: Kysely<Tables>,
  messages: readonly FoundMessage[],
): Promise<readonly MessageView[]> {
  if (messages.length === 0) return [];
  const months = [...new Set(messages.map(({ month }) => month))];
  const ids = messages.map(({ id }) => id);
  const of = (table: keyof Tables) =>
    sql`SELECT * FROM ${sql.table(table)} WHERE month = ANY(${months}::integer[]) AND message_id = ANY(${ids}::text[])`;
  const contents = await rowsOf<ContentsRow>(at, of('contents'));
  const replies = await rowsOf<ReplyRow>(at, of('replies'));
  const steps = await rowsOf<StepRow>(at, sql`${of('steps')} ORDER BY slot`);
  const decisions = await rowsOf<DecisionRow>(at, sql`${of('decisions')} ORDER BY decided_at_ms, slot`);
  const reviews = await rowsOf<ReviewRow>(
    at,
    sql`${of('reviews')} AND requested_at_ms IS NOT NULL ORDER BY requested_at_ms DESC, number DESC`,
  );
  const waits = await rowsOf<WaitRow>(at, sql`${of('waits')} ORDER BY until_ms DESC, step`);
  const requests = await rowsOf<AuditRequestRow>(
    at,
    sql`${of('audit_requests')} AND NOT answered ORDER BY step`,
  );
  const audits = await rowsOf<AuditRow>(at, sql`${of('audits')} ORDER BY audited_at_ms, step, kind`);
  const deadLetters = await rowsOf<DeadLetterRow>(
    at,
    sql`SELECT d.*, e.replayed_at_ms FROM (${of('dead_letters')}) d
      LEFT JOIN event_replays e ON e.month = d.month AND e.event_id = d.event_id AND e.consumer = d.consumer
      ORDER BY d.failed_at_ms, d.event_id, d.consumer`,
  );
  return messages.map((found) => {
    const reply = replies.get(found.id)?.[0];
    const message = {
      ...originalRow(found),
      ...(contents.get(found.id)?.[0] as ContentsRow),
      outcome: reply?.outcome ?? null,
      tier: reply?.tier ?? null,
      reply: reply?.text ?? null,
      settled_at_ms: reply?.settled_at_ms ?? null,
    };
    return messageView({
      message: message as MessageRow,
      steps: steps.get(found.id) ?? [],
      decisions: decisions.get(found.id) ?? [],
      review: reviews.get(found.id)?.[0],
      waits: waits.get(found.id) ?? [],
      audits: audits.get(found.id) ?? [],
      auditRequests: requests.get(found.id) ?? [],
      deadLetters: deadLetters.get(found.id) ?? [],
    });
  });
}

/** Rows in their order, by the stored id of their message. */
async function rowsOf<R extends object>(
  at: Kysely<Tables>,
  query: ReturnType<typeof sql>,
): Promise<ReadonlyMap<string, readonly R[]>> {
  const { rows } = await (query as ReturnType<typeof sql<R & { readonly message_id: string }>>).execute(at);
  const groups = Map.groupBy(rows, ({ message_id }) => message_id);
  return new Map([...groups].map(([id, group]) => [id, group.map(originalRow)]));
}

/** One review, open or decided; undefined before its request. */
export async function readReview(database: Kysely<Tables>, id: string): Promise<ReviewView | undefined> {
  const row = await database
    .selectFrom('reviews')
    .selectAll()
    .where('id', '=', storedText(id))
    .where('requested_at_ms', 'is not', null)
    .executeTakeFirst();
  return row && reviewView(originalRow(row) as ReviewRow);
}

/** Open reviews, oldest first. Throws `malformed` for a cursor that it never gave. */
export async function listReviews(
  database: Kysely<Tables>,
  { cursor, limit }: { readonly cursor?: string; readonly limit: number },
): Promise<Page<ReviewView>> {
  const place = cursor === undefined ? start : decodeCursor('reviews', cursor);
  const rows = await database
    .selectFrom('reviews')
    .selectAll()
    .where('requested_at_ms', 'is not', null)
    .where('decided_at_ms', 'is', null)
    .where(sql<boolean>`(requested_at_ms, number) > (${place.atMs}::bigint, ${place.number}::bigint)`)
    .orderBy('requested_at_ms')
    .orderBy('number')
    .limit(limit + 1)
    .execute();
  return pageOf(rows as readonly ReviewRow[], limit, (row) => reviewView(originalRow(row)), cursorOfReview);
}

const cursorOfReview = (row: ReviewRow): string =>
  encodeCursor('reviews', { atMs: Number(row.requested_at_ms), number: Number(row.number) });

/** How many messages are where, and how many dead letters there are. */
export function readCounts(database: Kysely<Tables>): Promise<Counts> {
  return snapshot(database, async (at) => {
    const rows = await at
      .selectFrom('messages')
      .select(['status', (select) => select.fn.countAll<bigint>().as('n')])
      .where('received_at_ms', 'is not', null)
      .groupBy('status')
      .execute();
    const dead = await at
      .selectFrom('dead_letters')
      .select((select) => select.fn.countAll<bigint>().as('n'))
      .executeTakeFirstOrThrow();
    const byStatus: Record<MessageStatus, number> = {
      received: 0,
      in_progress: 0,
      failed: 0,
      in_review: 0,
      settled: 0,
    };
    for (const row of rows) byStatus[statuses[row.status] as MessageStatus] = Number(row.n);
    return { byStatus, deadLetters: Number(dead.n) };
  });
}
