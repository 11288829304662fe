import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type {
  DeadLetterChange,
  ReplayChange,
  ReviewDecidedChange,
  ReviewRequestedChange,
  WaitChange,
} from '../ledger-change.js';
import { FAILED, IN_PROGRESS, IN_REVIEW, SETTLED, steps } from '../ledger-codes.js';

/** Writes what is seldom, of messages by their number: most of it works the status out anew from all facts. */
export function rareWriters(database: DatabaseSync, numberOf: (messageId: string) => number) {
  const request = database.prepare(
    `INSERT INTO reviews (id, seq, conversation_id, step, reasons, suggestion, requested_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET step = excluded.step, reasons = excluded.reasons,
       suggestion = excluded.suggestion, requested_at_ms = excluded.requested_at_ms
     WHERE requested_at_ms IS NULL`,
  );
  const decide = database.prepare(
    `INSERT INTO reviews (id, seq, conversation_id, decision, reviewer, decided_at_ms) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET decision = excluded.decision, reviewer = excluded.reviewer,
       decided_at_ms = excluded.decided_at_ms
     WHERE decided_at_ms IS NULL`,
  );
  const wait = database.prepare(
    `INSERT INTO waits VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET until_ms = excluded.until_ms WHERE excluded.until_ms > until_ms`,
  );
  const start = database.prepare(`UPDATE messages SET status = ${IN_PROGRESS} WHERE seq = ? AND status = 0`);
  const park = database.prepare(
    `INSERT INTO dead_letters VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET code = excluded.code, detail = excluded.detail, failed_at_ms = excluded.failed_at_ms,
       replays = excluded.replays
     WHERE excluded.replays > replays`,
  );
  const replay = database.prepare(
    `INSERT INTO event_replays VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET number = excluded.number, replayed_at_ms = excluded.replayed_at_ms
     WHERE excluded.number > number`,
  );
  const refresh = refreshStatement(database);
  return {
    reviewRequested(change: ReviewRequestedChange): void {
      const seq = numberOf(change.messageId);
      const step = steps.indexOf(change.step);
      const reasons = JSON.stringify(change.reasons);
      const { reviewId, conversationId, suggestion, requestedAtMs } = change;
      request.run(reviewId, seq, conversationId, step, reasons, suggestion, requestedAtMs);
      refresh.run(seq);
    },
    reviewDecided(change: ReviewDecidedChange): void {
      const seq = numberOf(change.messageId);
      const { reviewId, conversationId, decision, reviewer, decidedAtMs } = change;
      decide.run(reviewId, seq, conversationId, decision, reviewer, decidedAtMs);
      refresh.run(seq);
    },
    deadLetter(change: DeadLetterChange): void {
      const seq = change.messageId === null ? null : numberOf(change.messageId);
      const { eventId, group, topic, code, detail, stopsMessage, failedAtMs, replays } = change;
      park.run(eventId, group, seq, topic, code, detail, Number(stopsMessage), failedAtMs, replays);
      if (seq !== null && stopsMessage) refresh.run(seq);
    },
    replay({ messageId, eventId, group, number, replayedAtMs }: ReplayChange): void {
      replay.run(eventId, group, number, replayedAtMs);
      if (messageId !== null) refresh.run(numberOf(messageId));
    },
    wait({ messageId, step, untilMs }: WaitChange): void {
      const seq = numberOf(messageId);
      wait.run(seq, steps.indexOf(step), untilMs);
      start.run(seq);
    },
  };
}

function refreshStatement(database: DatabaseSync): StatementSync {
  return database.prepare(
    `UPDATE messages AS m SET status = CASE
       WHEN EXISTS (SELECT 1 FROM replies WHERE seq = m.seq) THEN ${SETTLED}
       WHEN EXISTS (SELECT 1 FROM reviews
                    WHERE seq = m.seq AND requested_at_ms IS NOT NULL AND decided_at_ms IS NULL) THEN ${IN_REVIEW}
       WHEN EXISTS (SELECT 1 FROM dead_letters d
                    WHERE d.seq = m.seq AND d.stops = 1
                      AND NOT EXISTS (SELECT 1 FROM event_replays e
                                      WHERE e.event_id = d.event_id AND e.consumer = d.consumer
                                        AND e.number > d.replays)) THEN ${FAILED}
       ELSE ${IN_PROGRESS} END
     WHERE seq = ?`,
  );
}
