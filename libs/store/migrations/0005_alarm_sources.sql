-- By whose word audited answers were wrong, a place in the list of ledger-codes.ts; null where no label was asked for, and of
-- alarms that did not say.

ALTER TABLE alarms ADD COLUMN label_source smallint;

-- As in 0003, with the column above. A process of an earlier version does not name it.
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
    signal, since_ms, label_source)
  SELECT batch_month, a.message_id, a.step, a.policy_version, a.statistic, a.level, a.labels, a.errors, a.allowed,
    a.response, a.raised_at_ms, coalesce(a.signal, 'wrong'), coalesce(a.since_ms, a.raised_at_ms),
    a.label_source
  FROM json_to_recordset(batch_alarms) AS a (
    message_id text, step smallint, policy_version text, statistic double precision, level double precision,
    labels bigint, errors bigint, allowed double precision, response text, raised_at_ms bigint, signal text,
    since_ms bigint, label_source smallint)
  ORDER BY a.message_id COLLATE "C", a.step, a.signal
  ON CONFLICT DO NOTHING;
END
$$;
