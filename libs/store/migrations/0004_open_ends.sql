-- What is still to come: a person's label of a drawn message, the day on which a budget begins anew, another try at a dead
-- letter. Small numbers for a step, a kind are places in the lists of ledger-codes.ts.

CREATE SEQUENCE audit_request_numbers;

CREATE TABLE audit_requests (
  month integer NOT NULL,
  message_id text COLLATE "C" NOT NULL,
  step smallint NOT NULL,
  number bigint NOT NULL DEFAULT nextval('audit_request_numbers'),
  rate double precision NOT NULL,
  confidence double precision,
  threshold double precision,
  fingerprint text NOT NULL,
  policy_version text NOT NULL,
  requested_at_ms bigint NOT NULL,
  answered boolean NOT NULL,
  PRIMARY KEY (message_id, step, month)
) PARTITION BY LIST (month);
CREATE INDEX audit_requests_open ON audit_requests (requested_at_ms, number) WHERE NOT answered;

-- Of several waits of a step the last one.
CREATE TABLE waits (
  month integer NOT NULL,
  message_id text COLLATE "C" NOT NULL,
  step smallint NOT NULL,
  until_ms bigint NOT NULL,
  PRIMARY KEY (message_id, step, month)
) PARTITION BY LIST (month);

-- Of several replays of an event for one consumer the last one: `number` counts them.
CREATE TABLE event_replays (
  month integer NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  consumer text COLLATE "C" NOT NULL,
  number integer NOT NULL,
  replayed_at_ms bigint NOT NULL,
  PRIMARY KEY (event_id, consumer, month)
) PARTITION BY LIST (month);

-- How often the event had been replayed when it was parked. A letter that was replayed more often since stops no message.
ALTER TABLE dead_letters ADD COLUMN replays integer NOT NULL DEFAULT 0;

-- As in 0002, with the tables above.
CREATE OR REPLACE FUNCTION make_month(wanted integer) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  parent text;
  partition text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('spillway ledger months'), hashtext(current_schema()));
  FOREACH parent IN ARRAY
    ARRAY['messages', 'contents', 'steps', 'decisions', 'replies', 'reviews', 'dead_letters', 'audits', 'alarms',
      'audit_requests', 'waits', 'event_replays']
  LOOP
    partition := parent || '_' || CASE wanted WHEN 0 THEN 'undated' ELSE wanted::text END;
    IF to_regclass(quote_ident(partition)) IS NULL THEN
      EXECUTE format(
        'CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)', partition, parent);
      EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES IN (%s)', parent, partition, wanted);
    END IF;
  END LOOP;
END
$$;

-- Stores what is asked of people and what waits, of messages of one month, after `apply_audits`: an audit that came before
-- its request, or comes with it, answers it. `batch_audits` are those that `apply_audits` has stored.
CREATE FUNCTION apply_requests(batch_month integer, batch_requests json, batch_waits json, batch_audits json)
RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO audit_requests (month, message_id, step, rate, confidence, threshold, fingerprint, policy_version,
    requested_at_ms, answered)
  SELECT batch_month, r.*, EXISTS (
    SELECT FROM audits a
    WHERE a.month = batch_month AND a.message_id = r.message_id AND a.step = r.step AND a.kind = 0)
  FROM json_to_recordset(batch_requests) AS r (
    message_id text, step smallint, rate double precision, confidence double precision,
    threshold double precision, fingerprint text, policy_version text, requested_at_ms bigint)
  ORDER BY message_id COLLATE "C", step
  ON CONFLICT DO NOTHING;

  UPDATE audit_requests r SET answered = true
  FROM json_to_recordset(batch_audits) AS a (message_id text, step smallint, kind smallint)
  WHERE a.kind = 0 AND r.month = batch_month AND r.message_id = a.message_id AND r.step = a.step AND NOT r.answered;

  INSERT INTO waits AS w
  SELECT batch_month, s.* FROM json_to_recordset(batch_waits) AS s (message_id text, step smallint, until_ms bigint)
  ORDER BY message_id COLLATE "C", step
  ON CONFLICT (message_id, step, month) DO UPDATE SET until_ms = excluded.until_ms
  WHERE excluded.until_ms > w.until_ms;
END
$$;

-- Stores replays, and letters that were parked once more, after `apply_changes` has stored the first ones; then works out
-- anew where the messages of `batch_touched`, an array of their ids, stand. Their rows are held by now.
CREATE FUNCTION apply_replays(
  batch_month integer, batch_replays json, batch_dead_letters json, batch_touched json
) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO event_replays AS e
  SELECT batch_month, r.* FROM json_to_recordset(batch_replays) AS r (
    event_id text, consumer text, number integer, replayed_at_ms bigint)
  ORDER BY event_id COLLATE "C", consumer COLLATE "C"
  ON CONFLICT (event_id, consumer, month) DO UPDATE SET
    number = excluded.number, replayed_at_ms = excluded.replayed_at_ms
  WHERE excluded.number > e.number;

  INSERT INTO dead_letters AS l (month, event_id, consumer, message_id, topic, code, detail, stops, failed_at_ms, replays)
  SELECT batch_month, d.* FROM json_to_recordset(batch_dead_letters) AS d (
    event_id text, consumer text, message_id text, topic text, code text, detail text, stops boolean,
    failed_at_ms bigint, replays integer)
  WHERE replays > 0
  ORDER BY event_id COLLATE "C", consumer COLLATE "C"
  ON CONFLICT (event_id, consumer, month) DO UPDATE SET
    code = excluded.code, detail = excluded.detail, failed_at_ms = excluded.failed_at_ms, replays = excluded.replays
  WHERE excluded.replays > l.replays;

  UPDATE messages m SET status = CASE
    WHEN EXISTS (SELECT FROM replies r WHERE r.month = batch_month AND r.message_id = m.id) THEN 4
    WHEN EXISTS (SELECT FROM reviews v WHERE v.month = batch_month AND v.message_id = m.id
                 AND v.requested_at_ms IS NOT NULL AND v.decided_at_ms IS NULL) THEN 3
    WHEN EXISTS (SELECT FROM dead_letters d WHERE d.month = batch_month AND d.message_id = m.id AND d.stops
                 AND NOT EXISTS (SELECT FROM event_replays e
                                 WHERE e.month = batch_month AND e.event_id = d.event_id AND e.consumer = d.consumer
                                   AND e.number > d.replays)) THEN 2
    ELSE 1 END
  WHERE m.month = batch_month AND m.id IN (SELECT json_array_elements_text(batch_touched));
END
$$;
