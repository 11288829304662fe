import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import type { Savings, SpanQuery } from '../ledger.js';
import { BIG, DRAFT_SLOT, FAILED, IN_REVIEW, POLISH_SLOT, SETTLED } from '../ledger-codes.js';
import { savingsOf } from '../ledger-savings.js';
import {
  type CallsRow,
  type DecisionsRow,
  type MessagesRow,
  messageTally,
  type PolishRow,
  type StepsRow,
  savingsLines,
  stepTally,
} from '../ledger-savings-rows.js';
import { snapshot } from './read.js';
import { originalRow } from './stored-text.js';
import type { Tables } from './tables.js';

/** Of a message's calls for one step the first whose tokens are known, otherwise the first. */
const isFirst = sql`((s.input_tokens IS NOT NULL AND s.slot & 3 = 0) OR NOT EXISTS (
  SELECT 1 FROM steps o WHERE o.month = s.month AND o.message_id = s.message_id AND o.slot >> 2 = s.slot >> 2
    AND o.model IS NOT NULL AND (o.input_tokens IS NULL, o.slot) < (s.input_tokens IS NULL, s.slot)))`;

const messagesSql = (span: RawBuilder<unknown>) => sql<MessagesRow>`
  SELECT count(*) AS messages,
    count(*) FILTER (WHERE m.status = ${sql.lit(SETTLED)}) AS settled,
    count(*) FILTER (WHERE m.status = ${sql.lit(IN_REVIEW)}) AS "inReview",
    count(*) FILTER (WHERE m.status = ${sql.lit(FAILED)}) AS failed,
    coalesce(sum(c.escalated), 0) AS escalated, coalesce(bool_or(c.estimated), false) AS estimated
  FROM messages m LEFT JOIN (
    SELECT s.month, s.message_id, max((s.slot & 3 = ${sql.lit(BIG)})::integer) AS escalated,
      bool_or(s.estimated) AS estimated
    FROM messages m JOIN steps s ON s.month = m.month AND s.message_id = m.id
    WHERE ${span} AND s.model IS NOT NULL GROUP BY s.month, s.message_id
  ) c ON c.month = m.month AND c.message_id = m.id
  WHERE ${span}`;

const stepsSql = (span: RawBuilder<unknown>) => sql<StepsRow>`
  SELECT step, count(*) AS messages, sum(big) AS "bigMessages" FROM (
    SELECT s.slot >> 2 AS step, max((s.slot & 3 = ${sql.lit(BIG)} AND s.model IS NOT NULL)::integer) AS big
    FROM messages m JOIN steps s ON s.month = m.month AND s.message_id = m.id
    WHERE ${span} GROUP BY s.month, s.message_id, s.slot >> 2) AS by_message
  GROUP BY step`;

const callsSql = (span: RawBuilder<unknown>) => sql<CallsRow>`
  SELECT s.slot, s.model, s.embedded,
    count(*) FILTER (WHERE s.model IS NOT NULL) AS calls,
    count(*) FILTER (WHERE s.failure_code IS NOT NULL) AS failures,
    sum(s.cost) AS cost, count(*) FILTER (WHERE s.model IS NOT NULL AND s.cost IS NULL) AS "costUnknown",
    sum(s.projected) AS projected,
    count(*) FILTER (WHERE s.model IS NOT NULL AND s.projected IS NULL) AS "projectedUnknown",
    sum(s.baseline) FILTER (WHERE ${isFirst}) AS baseline,
    count(*) FILTER (WHERE s.model IS NOT NULL AND s.baseline IS NULL AND ${isFirst}) AS "baselineUnknown"
  FROM messages m JOIN steps s ON s.month = m.month AND s.message_id = m.id
  WHERE ${span} GROUP BY s.slot, s.model, s.embedded`;

const polishSql = (span: RawBuilder<unknown>) => sql<PolishRow>`
  SELECT sum(s.polish) AS baseline, count(*) FILTER (WHERE s.polish IS NULL) AS "baselineUnknown",
    count(*) AS polishes
  FROM messages m JOIN steps s ON s.month = m.month AND s.message_id = m.id
  WHERE ${span} AND m.status = ${sql.lit(SETTLED)} AND s.model IS NOT NULL
    AND s.slot BETWEEN ${sql.lit(DRAFT_SLOT)} AND ${sql.lit(DRAFT_SLOT + 3)} AND ${isFirst}
    AND NOT EXISTS (
      SELECT 1 FROM steps p WHERE p.month = m.month AND p.message_id = m.id AND p.model IS NOT NULL
        AND p.slot BETWEEN ${sql.lit(POLISH_SLOT)} AND ${sql.lit(POLISH_SLOT + 3)})`;

const decisionsSql = (span: RawBuilder<unknown>) => sql<DecisionsRow>`
  SELECT d.slot, s.model, s.embedded, d.verdict, count(*) AS n
  FROM messages m JOIN decisions d ON d.month = m.month AND d.message_id = m.id
  LEFT JOIN steps s ON s.month = d.month AND s.message_id = d.message_id AND s.slot = d.slot
  WHERE ${span} GROUP BY d.slot, s.model, s.embedded, d.verdict`;

/** Adds up the messages received in a span, all as they stood at one moment. */
export function readSavings(
  database: Kysely<Tables>,
  { fromMs = 0, toMs = Number.MAX_SAFE_INTEGER }: SpanQuery,
): Promise<Savings> {
  const span = sql`m.received_at_ms >= ${fromMs}::bigint AND m.received_at_ms < ${toMs}::bigint`;
  return snapshot(database, async (at) => {
    const [messages] = await rowsOf(at, messagesSql(span));
    const [spared] = await rowsOf(at, polishSql(span));
    const steps = await rowsOf(at, stepsSql(span));
    const calls = await rowsOf(at, callsSql(span));
    const decisions = await rowsOf(at, decisionsSql(span));
    return savingsOf(
      { fromMs, toMs },
      [messageTally(messages as MessagesRow, spared as PolishRow)],
      steps.map(stepTally),
      savingsLines(calls, decisions, spared as PolishRow),
    );
  });
}

async function rowsOf<R extends object>(
  at: Transaction<Tables>,
  query: RawBuilder<R>,
): Promise<readonly R[]> {
  const { rows } = await query.execute(at);
  return rows.map(originalRow);
}
