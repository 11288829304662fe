import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Savings, SpanQuery } from '../ledger.js';
import { BIG, DRAFT_SLOT, FAILED, IN_REVIEW, POLISH_SLOT, SETTLED } from '../ledger-codes.js';
import { type MessageTally, type SavingsLine, type StepTally, savingsOf } from '../ledger-savings.js';
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

/** Messages that are added up in one go, a few milliseconds of work; other work goes on between two goes. */
const BLOCK = 512;
/** Blocks whose figures are remembered: about 4 KiB each. */
const REMEMBERED = 4096;

/** All statements read the same block: messages by number, so that none is counted twice or left out. */
const block = `WITH block AS MATERIALIZED (
  SELECT seq, status, received_at_ms FROM messages
  WHERE seq >= :first AND seq < :first + ${BLOCK} AND received_at_ms >= :from AND received_at_ms < :to)`;
/** Of a message's calls for one step the first whose tokens are known, otherwise the first. */
const isFirst = `((s.input_tokens IS NOT NULL AND s.slot & 3 = 0) OR NOT EXISTS (
  SELECT 1 FROM steps o WHERE o.seq = s.seq AND o.slot >> 2 = s.slot >> 2 AND o.model IS NOT NULL
    AND ((o.input_tokens IS NULL, o.slot) < (s.input_tokens IS NULL, s.slot))))`;

const messagesSql = `${block} SELECT count(*) AS messages,
  coalesce(sum(status = ${SETTLED}), 0) AS settled, coalesce(sum(status = ${IN_REVIEW}), 0) AS inReview,
  coalesce(sum(status = ${FAILED}), 0) AS failed,
  coalesce(sum(EXISTS (SELECT 1 FROM steps s WHERE s.seq = block.seq AND s.slot & 3 = ${BIG}
    AND s.model IS NOT NULL)), 0) AS escalated,
  coalesce(max(EXISTS (SELECT 1 FROM steps s WHERE s.seq = block.seq AND s.estimated = 1
    AND s.model IS NOT NULL)), 0) AS estimated,
  min(received_at_ms) AS fromMs, max(received_at_ms) AS toMs FROM block`;
const stepsSql = `${block} SELECT step, count(*) AS messages, sum(big) AS bigMessages FROM (
  SELECT s.slot >> 2 AS step, max(s.slot & 3 = ${BIG} AND s.model IS NOT NULL) AS big
  FROM block JOIN steps s ON s.seq = block.seq GROUP BY s.seq, s.slot >> 2) GROUP BY step`;
const callsSql = `${block} SELECT s.slot, s.model, s.embedded, sum(s.model IS NOT NULL) AS calls, sum(s.failure_code IS NOT NULL) AS failures,
  sum(s.cost) AS cost, sum(s.model IS NOT NULL AND s.cost IS NULL) AS costUnknown,
  sum(s.projected) AS projected, sum(s.model IS NOT NULL AND s.projected IS NULL) AS projectedUnknown,
  sum(CASE WHEN ${isFirst} THEN s.baseline END) AS baseline,
  sum(s.model IS NOT NULL AND s.baseline IS NULL AND ${isFirst}) AS baselineUnknown
  FROM block JOIN steps s ON s.seq = block.seq GROUP BY s.slot, s.model, s.embedded`;
const polishSql = `${block} SELECT sum(s.polish) AS baseline, sum(s.polish IS NULL) AS baselineUnknown,
  count(*) AS polishes
  FROM block JOIN steps s ON s.seq = block.seq AND s.slot BETWEEN ${DRAFT_SLOT} AND ${DRAFT_SLOT + 3}
  WHERE block.status = ${SETTLED} AND s.model IS NOT NULL AND ${isFirst} AND NOT EXISTS (
    SELECT 1 FROM steps p WHERE p.seq = block.seq AND p.slot BETWEEN ${POLISH_SLOT} AND ${POLISH_SLOT + 3}
      AND p.model IS NOT NULL)`;
const decisionsSql = `${block} SELECT d.slot, s.model, s.embedded, d.verdict, count(*) AS n
  FROM block JOIN decisions d ON d.seq = block.seq LEFT JOIN steps s ON s.seq = d.seq AND s.slot = d.slot
  GROUP BY d.slot, s.model, s.embedded, d.verdict`;

/** First and last receipt; null when there is no message. */
interface Receipts {
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

/** What the messages of one block come to. */
interface Block extends Receipts {
  readonly messages: MessageTally;
  readonly steps: readonly StepTally[];
  readonly lines: readonly SavingsLine[];
}

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface SavingsReader {
  savings(query: SpanQuery): Promise<Savings>;
  /** Must be told of every message that changes: its block is then added up anew. */
  changed(seq: number): void;
}

const always: Span = { fromMs: Number.MIN_SAFE_INTEGER, toMs: Number.MAX_SAFE_INTEGER };

/**
 * Adds up messages block by block, each as it stands when its turn comes. Settled messages hardly ever change, so the
 * figures of their blocks are remembered.
 */
export function savingsReader(database: DatabaseSync): SavingsReader {
  const readBlock = blockReader(database);
  const newest = database.prepare('SELECT coalesce(max(seq), 0) AS seq FROM messages');
  const remembered = new Map<number, Block>();

  async function whole(first: number): Promise<Block> {
    const found = remembered.get(first);
    if (found !== undefined) return found;
    await nextTurn();
    const read = readBlock(first, always);
    remembered.set(first, read);
    if (remembered.size > REMEMBERED) remembered.delete(remembered.keys().next().value as number);
    return read;
  }

  return {
    changed: (seq) => {
      remembered.delete(seq - (seq % BLOCK));
    },
    async savings({ fromMs = 0, toMs = Number.MAX_SAFE_INTEGER }) {
      const span = { fromMs, toMs };
      const blocks: Block[] = [];
      const last = (newest.get() as { seq: number }).seq;
      for (let first = 0; first <= last; first += BLOCK) {
        const block = await whole(first);
        if (block.fromMs === null || block.toMs === null || block.toMs < fromMs || block.fromMs >= toMs)
          continue;
        const covered = block.fromMs >= fromMs && block.toMs < toMs;
        if (!covered) await nextTurn();
        blocks.push(covered ? block : readBlock(first, span));
      }
      return savingsOf(
        span,
        blocks.map(({ messages }) => messages),
        blocks.flatMap(({ steps }) => steps),
        blocks.flatMap(({ lines }) => lines),
      );
    },
  };
}

function blockReader(database: DatabaseSync): (first: number, span: Span) => Block {
  const [messages, steps, decisions] = [messagesSql, stepsSql, decisionsSql].map((sql) =>
    database.prepare(sql),
  ) as [StatementSync, StatementSync, StatementSync];
  const [calls, polish] = [callsSql, polishSql].map((sql) => {
    const statement = database.prepare(sql);
    statement.setReadBigInts(true);
    return statement;
  }) as [StatementSync, StatementSync];

  return (first, span) => {
    const parameters = { first, from: span.fromMs, to: span.toMs };
    const row = messages.get(parameters) as unknown as MessagesRow & Receipts;
    const spared = polish.get(parameters) as unknown as PolishRow;
    const stepRows = steps.all(parameters) as unknown as readonly StepsRow[];
    const callRows = calls.all(parameters) as unknown as readonly CallsRow[];
    const decisionRows = decisions.all(parameters) as unknown as readonly DecisionsRow[];
    return {
      messages: messageTally(row, spared),
      steps: stepRows.map(stepTally),
      lines: savingsLines(callRows, decisionRows, spared),
      fromMs: row.fromMs,
      toMs: row.toMs,
    };
  };
}
