import type { DatabaseSync } from 'node:sqlite';
import type {
  DecisionChange,
  LedgerChange,
  ReceivedChange,
  SettledChange,
  StepChange,
} from '../ledger-change.js';
import { IN_PROGRESS, SETTLED, slotOf, sources, tiers, verdicts } from '../ledger-codes.js';
import { storedResult } from '../ledger-step-rows.js';
import { auditWriters } from './audits.js';
import { rareWriters } from './write-rare.js';

export interface Writer {
  /** Inside a transaction. Replays change nothing. */
  apply(change: LedgerChange): void;
  /** Call it when a transaction was rolled back: what it numbered is not there. */
  forget(): void;
}

interface Known {
  readonly seq: number;
  /** True once the message is known to be past `received`, so that most steps need no update. */
  started: boolean;
}

/** Messages in flight at once are far fewer; what falls out is looked up again. */
const REMEMBERED = 10_000;

/** Prepares all statements that `apply` needs; `changed` is told the number of each message that a change is about. */
export function ledgerWriter(database: DatabaseSync, changed: (seq: number) => void): Writer {
  const known = messageNumbers(database, changed);
  const received = receivedWriter(database, known);
  const step = stepWriter(database, known);
  const decision = decisionWriter(database, known);
  const settled = settledWriter(database, known);
  const numberOf = (messageId: string): number => known.of(messageId).seq;
  const rare = rareWriters(database, numberOf);
  const audits = auditWriters(database, numberOf);
  return {
    apply(change) {
      switch (change.kind) {
        case 'received':
          return received(change);
        case 'step':
          return step(change);
        case 'decision':
          return decision(change);
        case 'settled':
          return settled(change);
        case 'review-requested':
          return rare.reviewRequested(change);
        case 'review-decided':
          return rare.reviewDecided(change);
        case 'wait':
          return rare.wait(change);
        case 'audit-request':
          return audits.request(change);
        case 'audit':
          return audits.audit(change);
        case 'alarm':
          return audits.alarm(change);
        case 'dead-letter':
          return rare.deadLetter(change);
        case 'replay':
          return rare.replay(change);
      }
    },
    forget: known.forget,
  };
}

interface MessageNumbers {
  of(id: string): Known;
  remember(id: string, seq: number): void;
  forget(): void;
}

function messageNumbers(database: DatabaseSync, changed: (seq: number) => void): MessageNumbers {
  const select = database.prepare('SELECT seq FROM messages WHERE id = ?');
  const insert = database.prepare('INSERT INTO messages (id, status, intent_tier) VALUES (?, 0, -1)');
  let recent = new Map<string, Known>();
  // The ones before: a map from which the oldest entry is taken each time has to search for it.
  let older = recent;

  function keep(id: string, seq: number): Known {
    changed(seq);
    const entry = { seq, started: false };
    if (recent.size === REMEMBERED) {
      older = recent;
      recent = new Map();
    }
    recent.set(id, entry);
    return entry;
  }

  return {
    of(id) {
      const entry = recent.get(id) ?? older.get(id);
      if (entry !== undefined) {
        changed(entry.seq);
        return entry;
      }
      const row = select.get(id) as { seq: number } | undefined;
      return keep(id, row?.seq ?? Number(insert.run(id).lastInsertRowid));
    },
    remember: keep,
    forget() {
      recent = new Map();
      older = recent;
    },
  };
}

function receivedWriter(database: DatabaseSync, known: MessageNumbers) {
  const insert = database.prepare(
    `INSERT INTO messages (id, status, received_at_ms, intent_tier) VALUES (?, 0, ?, -1)
     ON CONFLICT (id) DO UPDATE SET received_at_ms = excluded.received_at_ms WHERE received_at_ms IS NULL
     RETURNING seq`,
  );
  const contents = database.prepare('INSERT INTO contents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
  return (change: ReceivedChange): void => {
    const row = insert.get(change.messageId, change.receivedAtMs) as { seq: number } | undefined;
    if (row === undefined) return;
    known.remember(change.messageId, row.seq);
    contents.run(
      row.seq,
      change.conversationId,
      change.channel,
      change.customer,
      change.subject,
      change.text,
      change.locale,
      change.customerFacing === null ? null : Number(change.customerFacing),
      change.traceId,
    );
  };
}

function stepWriter(database: DatabaseSync, known: MessageNumbers) {
  const insert = stepInsert(database);
  const start = database.prepare(`UPDATE messages SET status = ${IN_PROGRESS} WHERE seq = ? AND status = 0`);
  const intend = database.prepare(
    `UPDATE messages SET intent = ?, queue = ?, intent_tier = ?, status = max(status, ${IN_PROGRESS})
     WHERE seq = ? AND intent_tier < ?`,
  );
  return (change: StepChange): void => {
    const message = known.of(change.messageId);
    if (!insert(message.seq, change)) return;
    const { value } = change.detail;
    // An audit's word comes after the message has gone on without it.
    if (value?.kind === 'classification' && change.tier !== 'audit') {
      const tier = tiers.indexOf(change.tier);
      intend.run(value.label, value.queue, tier, message.seq, tier);
    } else if (!message.started) start.run(message.seq);
    message.started = true;
  };
}

/** Stores a step; false when it is there already. */
function stepInsert(database: DatabaseSync): (seq: number, change: StepChange) => boolean {
  const insert = database.prepare(
    `INSERT INTO steps VALUES (${new Array(22).fill('?').join(', ')}) ON CONFLICT DO NOTHING`,
  );
  return (seq, { step, tier, completedAtMs, call, detail }) => {
    const { usage, failure } = detail;
    const { changes } = insert.run(
      seq,
      slotOf(step, tier),
      completedAtMs,
      call?.model ?? null,
      Number(call?.embedded ?? false),
      call?.costNanos ?? null,
      call?.baselineNanos ?? null,
      call?.projectedNanos ?? null,
      call?.polishNanos ?? null,
      usage?.inputTokens ?? null,
      usage?.cachedInputTokens ?? null,
      usage?.outputTokens ?? null,
      usage?.reasoningTokens ?? null,
      Number(usage?.estimated ?? false),
      detail.confidence,
      detail.rawConfidence,
      sources.indexOf(detail.confidenceSource),
      detail.latencyMs,
      detail.attempts,
      failure?.code ?? null,
      failure?.detail ?? null,
      storedResult(detail),
    );
    return changes === 1;
  };
}

function decisionWriter(database: DatabaseSync, known: MessageNumbers) {
  const insert = database.prepare(
    'INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  return (change: DecisionChange): void => {
    insert.run(
      known.of(change.messageId).seq,
      slotOf(change.step, change.tier),
      verdicts.indexOf(change.verdict),
      change.confidence,
      change.threshold,
      JSON.stringify(change.reasons),
      change.policyVersion,
      change.decidedAtMs,
    );
  };
}

function settledWriter(database: DatabaseSync, known: MessageNumbers) {
  const insert = database.prepare('INSERT INTO replies VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING');
  const settle = database.prepare(`UPDATE messages SET status = ${SETTLED} WHERE seq = ?`);
  return (change: SettledChange): void => {
    const message = known.of(change.messageId);
    const tier = tiers.indexOf(change.replyBy);
    const { changes } = insert.run(message.seq, change.outcome, tier, change.reply, change.settledAtMs);
    if (changes === 0) return;
    settle.run(message.seq);
    message.started = true;
  };
}
