-- What was held against a stronger source's word, and the alarms that followed. Small numbers for a step, a kind, a source
-- are places in the lists of ledger-codes.ts.

CREATE TABLE audits (
  month integer NOT NULL,
  message_id text COLLATE "C" NOT NULL,
  step smallint NOT NULL,
  kind smallint NOT NULL,
  source smallint NOT NULL,
  wrong boolean,
  missing text,
  rate double precision NOT NULL,
  confidence double precision,
  threshold double precision,
  fingerprint text COLLATE "C" NOT NULL,
  policy_version text COLLATE "C" NOT NULL,
  reviewer text NOT NULL,
  audited_at_ms bigint NOT NULL,
  PRIMARY KEY (message_id, step, kind, month)
) PARTITION BY LIST (month);
CREATE INDEX audits_by_time ON audits (audited_at_ms);

CREATE TABLE alarms (
  month integer NOT NULL,
  message_id text COLLATE "C" NOT NULL,
  step smallint NOT NULL,
  policy_version text NOT NULL,
  statistic double precision NOT NULL,
  level double precision NOT NULL,
  labels bigint NOT NULL,
  errors bigint NOT NULL,
  allowed double precision NOT NULL,
  response text NOT NULL,
  raised_at_ms bigint NOT NULL,
  PRIMARY KEY (message_id, step, month)
) PARTITION BY LIST (month);
CREATE INDEX alarms_by_time ON alarms (raised_at_ms);

-- As in 0001, with the tables above: months that are there already get theirs when a process next asks for the month.
CREATE OR REPLACE FUNCTION make_month(wanted integer) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  parent text;
  partition text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('spillway ledger months'), hashtext(current_schema()));
  FOREACH parent IN ARRAY
    ARRAY['messages', 'contents', 'steps', 'decisions', 'replies', 'reviews', 'dead_letters', 'audits', 'alarms']
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

-- Stores audits and alarms of messages of one month, after `apply_changes` has stored these messages. Each array is null or
-- holds one object for each row, without repeats.
CREATE FUNCTION apply_audits(batch_month integer, batch_audits json, batch_alarms json) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO audits
  SELECT batch_month, a.* FROM json_to_recordset(batch_audits) AS a (
    message_id text, step smallint, kind smallint, source smallint, wrong boolean, missing text,
    rate double precision, confidence double precision, threshold double precision, fingerprint text,
    policy_version text, reviewer text, audited_at_ms bigint)
  ORDER BY message_id COLLATE "C", step, kind
  ON CONFLICT DO NOTHING;

  INSERT INTO alarms
  SELECT batch_month, a.* FROM json_to_recordset(batch_alarms) AS a (
    message_id text, step smallint, policy_version text, statistic double precision, level double precision,
    labels bigint, errors bigint, allowed double precision, response text, raised_at_ms bigint)
  ORDER BY message_id COLLATE "C", step
  ON CONFLICT DO NOTHING;
END
$$;
