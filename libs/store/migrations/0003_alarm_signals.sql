-- One message can bring several alarms of a step, each of another signal. The first ones were all of wrong answers, and
-- nothing was written down of when their change began.

ALTER TABLE alarms ADD COLUMN signal text COLLATE "C" NOT NULL DEFAULT 'wrong', ADD COLUMN since_ms bigint;
UPDATE alarms SET since_ms = raised_at_ms;
ALTER TABLE alarms ALTER COLUMN since_ms SET NOT NULL;
ALTER TABLE alarms DROP CONSTRAINT alarms_pkey;
ALTER TABLE alarms ADD PRIMARY KEY (message_id, step, signal, month);

-- As in 0002, with the columns above. A process of an earlier version names neither.
CREATE OR REPLACE FUNCTION apply_audits(batch_month integer, batch_audits json, batch_alarms json) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO audits
  SELECT batch_month, a.* FROM json_to_recordset(batch_audits) AS a (
    message_id text, step smallint, kind smallint, source smallint, wrong boolean, missing text,
    rate double precision, confidence double precision, threshold double precision, fingerprint text,
    policy_version text, reviewer text, audited_at_ms bigint)
  ORDER BY message_id COLLATE "C", step, kind
  ON CONFLICT DO NOTHING;

  INSERT INTO alarms (
    month, message_id, step, policy_version, statistic, level, labels, errors, allowed, response, raised_at_ms,
    signal, since_ms)
  SELECT batch_month, a.message_id, a.step, a.policy_version, a.statistic, a.level, a.labels, a.errors, a.allowed,
    a.response, a.raised_at_ms, coalesce(a.signal, 'wrong'), coalesce(a.since_ms, a.raised_at_ms)
  FROM json_to_recordset(batch_alarms) AS a (
    message_id text, step smallint, policy_version text, statistic double precision, level double precision,
    labels bigint, errors bigint, allowed double precision, response text, raised_at_ms bigint, signal text,
    since_ms bigint)
  ORDER BY a.message_id COLLATE "C", a.step, a.signal
  ON CONFLICT DO NOTHING;
END
$$;
