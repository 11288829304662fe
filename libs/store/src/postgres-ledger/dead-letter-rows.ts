import type { DeadLetterChange, ReplayChange } from '../ledger-change.js';
import { FAILED, IN_PROGRESS } from '../ledger-codes.js';
import { type MonthRows, note, putHighest } from './month-rows.js';
import { storedText } from './stored-text.js';

const keyOf = (eventId: string, consumer: string): string => JSON.stringify([eventId, consumer]);

/** Adds a letter; of several of one event and service the one that was parked last. */
export function addDeadLetter(rows: MonthRows, change: DeadLetterChange): void {
  const { messageId, stopsMessage: stops, replays } = change;
  const id = messageId === null ? null : note(rows, messageId, stops ? FAILED : 0).id;
  if (id !== null && stops) rows.touched.add(id);
  const [eventId, consumer] = [storedText(change.eventId), storedText(change.group)];
  putHighest(rows.deadLetters, keyOf(eventId, consumer), 'replays', {
    event_id: eventId,
    consumer,
    message_id: id,
    topic: storedText(change.topic),
    code: storedText(change.code),
    detail: storedText(change.detail),
    stops,
    failed_at_ms: change.failedAtMs,
    replays,
  });
}

/** Adds a replay; of several of one event and service the last one. */
export function addReplay(rows: MonthRows, { messageId, ...change }: ReplayChange): void {
  if (messageId !== null) rows.touched.add(note(rows, messageId, IN_PROGRESS).id);
  const [eventId, consumer] = [storedText(change.eventId), storedText(change.group)];
  putHighest(rows.replays, keyOf(eventId, consumer), 'number', {
    event_id: eventId,
    consumer,
    number: change.number,
    replayed_at_ms: change.replayedAtMs,
  });
}
