import type { Month } from './month.js';
import { storedText } from './stored-text.js';

type Cell = string | number | boolean | null;
export type Row = Readonly<Record<string, Cell>>;
type MessageRow = { readonly id: string; status: number; received_at_ms: number | null };

/** Changes of one month as the functions of the migrations take them: rows by their keys, so that the first of several wins. */
export interface MonthRows {
  readonly month: Month;
  readonly messages: Map<string, MessageRow>;
  readonly contents: Map<string, Row>;
  readonly steps: Map<string, Row>;
  readonly decisions: Map<string, Row>;
  readonly replies: Map<string, Row>;
  readonly reviews: Map<string, Row>;
  readonly deadLetters: Map<string, Row>;
  readonly audits: Map<string, Row>;
  readonly alarms: Map<string, Row>;
  readonly auditRequests: Map<string, Row>;
  readonly waits: Map<string, Row>;
  readonly replays: Map<string, Row>;
  /** Ids of the messages that dead letters and replays tell of: their status must be worked out from all facts. */
  readonly touched: Set<string>;
}

/** A month without rows. */
export const noRows = (month: Month): MonthRows => ({
  month,
  messages: new Map(),
  contents: new Map(),
  steps: new Map(),
  decisions: new Map(),
  replies: new Map(),
  reviews: new Map(),
  deadLetters: new Map(),
  audits: new Map(),
  alarms: new Map(),
  auditRequests: new Map(),
  waits: new Map(),
  replays: new Map(),
  touched: new Set(),
});

/** Keeps the first row of a key. */
export function put(rows: Map<string, Row>, key: string, row: () => Row): void {
  if (!rows.has(key)) rows.set(key, row());
}

/** Notes that the message is at least at this status, and gives its id as it is stored. */
export function note(rows: MonthRows, messageId: string, status: number): MessageRow {
  let message = rows.messages.get(messageId);
  if (message === undefined) {
    message = { id: storedText(messageId), status, received_at_ms: null };
    rows.messages.set(messageId, message);
  }
  message.status = Math.max(message.status, status);
  return message;
}

/** Keeps the row of a key whose number in this column is the highest. */
export function putHighest(rows: Map<string, Row>, key: string, column: string, row: Row): void {
  const before = rows.get(key);
  if (before === undefined || Number(row[column]) > Number(before[column])) rows.set(key, row);
}

export const storedOrNull = (text: string | null | undefined): string | null =>
  text == null ? null : storedText(text);
