import { SETTLED } from '../ledger-codes.js';

/**
 * Rows hang on a small number, `seq`, given to a message when its first fact arrives: ids need not be in order of time
 * for the tables to grow at their ends. A message without `received_at_ms` is known only by other facts so far.
 */
export const migrations = [
  `CREATE TABLE messages (
     seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, status INTEGER NOT NULL, received_at_ms INTEGER,
     intent TEXT, queue TEXT, intent_tier INTEGER NOT NULL
   );
   CREATE INDEX messages_by_time ON messages (received_at_ms);
   CREATE INDEX messages_open ON messages (status, received_at_ms) WHERE status <> ${SETTLED};
   CREATE INDEX messages_by_intent ON messages (intent, received_at_ms) WHERE intent IS NOT NULL;
   CREATE TABLE contents (
     seq INTEGER PRIMARY KEY, conversation_id TEXT NOT NULL, channel TEXT NOT NULL, customer TEXT NOT NULL,
     subject TEXT NOT NULL, text TEXT NOT NULL, locale TEXT NOT NULL, customer_facing INTEGER, trace_id TEXT NOT NULL
   );
   CREATE TABLE steps (
     seq INTEGER NOT NULL, slot INTEGER NOT NULL, completed_at_ms INTEGER NOT NULL, model TEXT,
     embedded INTEGER NOT NULL, cost INTEGER, baseline INTEGER, projected INTEGER, polish INTEGER,
     input_tokens INTEGER, cached_input_tokens INTEGER, output_tokens INTEGER, reasoning_tokens INTEGER,
     estimated INTEGER NOT NULL, confidence REAL, raw_confidence REAL, confidence_source INTEGER NOT NULL,
     latency_ms REAL NOT NULL, attempts INTEGER NOT NULL, failure_code TEXT, failure_detail TEXT, value TEXT,
     PRIMARY KEY (seq, slot)
   ) WITHOUT ROWID;
   CREATE TABLE decisions (
     seq INTEGER NOT NULL, slot INTEGER NOT NULL, verdict INTEGER NOT NULL, confidence REAL, threshold REAL,
     reasons TEXT NOT NULL, policy_version TEXT NOT NULL, decided_at_ms INTEGER NOT NULL,
     PRIMARY KEY (seq, slot)
   ) WITHOUT ROWID;
   CREATE TABLE replies (
     seq INTEGER PRIMARY KEY, outcome TEXT NOT NULL, tier INTEGER NOT NULL, text TEXT NOT NULL,
     settled_at_ms INTEGER NOT NULL
   );
   CREATE TABLE reviews (
     number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, seq INTEGER NOT NULL, conversation_id TEXT NOT NULL,
     step INTEGER, reasons TEXT, suggestion TEXT, requested_at_ms INTEGER,
     decision TEXT, reviewer TEXT, decided_at_ms INTEGER
   );
   CREATE INDEX reviews_by_message ON reviews (seq);
   CREATE INDEX reviews_open ON reviews (requested_at_ms)
     WHERE requested_at_ms IS NOT NULL AND decided_at_ms IS NULL;
   CREATE TABLE dead_letters (
     event_id TEXT NOT NULL, consumer TEXT NOT NULL, seq INTEGER, topic TEXT NOT NULL, code TEXT NOT NULL,
     detail TEXT NOT NULL, stops INTEGER NOT NULL, failed_at_ms INTEGER NOT NULL,
     PRIMARY KEY (event_id, consumer)
   ) WITHOUT ROWID;
   CREATE INDEX dead_letters_by_message ON dead_letters (seq) WHERE seq IS NOT NULL;`,
  `CREATE TABLE audits (
     seq INTEGER NOT NULL, step INTEGER NOT NULL, kind INTEGER NOT NULL, source INTEGER NOT NULL, wrong INTEGER,
     missing TEXT, rate REAL NOT NULL, confidence REAL, threshold REAL, fingerprint TEXT NOT NULL,
     policy_version TEXT NOT NULL, reviewer TEXT NOT NULL, audited_at_ms INTEGER NOT NULL,
     PRIMARY KEY (seq, step, kind)
   ) WITHOUT ROWID;
   CREATE INDEX audits_by_time ON audits (audited_at_ms);
   CREATE TABLE alarms (
     seq INTEGER NOT NULL, step INTEGER NOT NULL, policy_version TEXT NOT NULL, statistic REAL NOT NULL,
     level REAL NOT NULL, labels INTEGER NOT NULL, errors INTEGER NOT NULL, allowed REAL NOT NULL,
     response TEXT NOT NULL, raised_at_ms INTEGER NOT NULL,
     PRIMARY KEY (seq, step)
   ) WITHOUT ROWID;`,
  // One message can bring several alarms of a step, each of another signal; the first ones were all of wrong answers.
  `CREATE TABLE alarms_by_signal (
     seq INTEGER NOT NULL, step INTEGER NOT NULL, signal TEXT NOT NULL, policy_version TEXT NOT NULL,
     statistic REAL NOT NULL, level REAL NOT NULL, labels INTEGER NOT NULL, errors INTEGER NOT NULL,
     allowed REAL NOT NULL, response TEXT NOT NULL, raised_at_ms INTEGER NOT NULL, since_ms INTEGER NOT NULL,
     PRIMARY KEY (seq, step, signal)
   ) WITHOUT ROWID;
   INSERT INTO alarms_by_signal
     SELECT seq, step, 'wrong', policy_version, statistic, level, labels, errors, allowed, response, raised_at_ms,
       raised_at_ms FROM alarms;
   DROP TABLE alarms;
   ALTER TABLE alarms_by_signal RENAME TO alarms;`,
  `CREATE TABLE audit_requests (
     number INTEGER PRIMARY KEY, seq INTEGER NOT NULL, step INTEGER NOT NULL, rate REAL NOT NULL, confidence REAL,
     threshold REAL, fingerprint TEXT NOT NULL, policy_version TEXT NOT NULL, requested_at_ms INTEGER NOT NULL,
     answered INTEGER NOT NULL, UNIQUE (seq, step)
   );
   CREATE INDEX audit_requests_open ON audit_requests (requested_at_ms) WHERE answered = 0;
   CREATE TABLE waits (
     seq INTEGER NOT NULL, step INTEGER NOT NULL, until_ms INTEGER NOT NULL, PRIMARY KEY (seq, step)
   ) WITHOUT ROWID;
   CREATE TABLE event_replays (
     event_id TEXT NOT NULL, consumer TEXT NOT NULL, number INTEGER NOT NULL, replayed_at_ms INTEGER NOT NULL,
     PRIMARY KEY (event_id, consumer)
   ) WITHOUT ROWID;
   ALTER TABLE dead_letters ADD COLUMN replays INTEGER NOT NULL DEFAULT 0;`,
  // Of alarms that are there already nothing was written down of whose word they are by.
  'ALTER TABLE alarms ADD COLUMN label_source INTEGER;',
];
