-- The row of a message is written once for each batch that tells of it, and nothing reads more of a month than the rows
-- that it is about.

-- Works out from all facts where messages of one month stand; their rows must be held, so that what others wrote of them
-- before is committed and can be seen. Plans are kept for long, and those made while a month is young would go on to read
-- all of it: hence no seqscan, one message after another, and sums in the place of EXISTS, which may become a hash of the
-- whole month or a walk through all open reviews.
CREATE FUNCTION restate_messages(batch_month integer, ids text[]) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT SET enable_seqscan TO off SET plan_cache_mode TO force_generic_plan AS $$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ids LOOP
    UPDATE messages m SET status = f.status
    FROM (SELECT CASE
      WHEN (SELECT count(*) > 0 FROM replies r WHERE r.month = batch_month AND r.message_id = wanted) THEN 4
      WHEN (SELECT bool_or(v.requested_at_ms IS NOT NULL AND v.decided_at_ms IS NULL)
            FROM reviews v WHERE v.month = batch_month AND v.message_id = wanted) THEN 3
      WHEN (SELECT bool_or(d.stops AND d.replays >= coalesce((
              SELECT max(e.number) FROM event_replays e
              WHERE e.month = batch_month AND e.event_id = d.event_id AND e.consumer = d.consumer), 0))
            FROM dead_letters d WHERE d.month = batch_month AND d.message_id = wanted) THEN 2
      ELSE 1 END AS status
    ) f
    WHERE m.month = batch_month AND m.id = wanted AND m.status <> f.status;
  END LOOP;
END
$$;

-- As in 0001, for the same arrays. Reviews come before messages, so that the request of one gives its message its status
-- with the rest. `batch_messages` holds every message that the others tell of, save for decisions, which say nothing of
-- where a message stands and may do without.
--
-- Two writers never wait for each other in a circle: both take rows in the order of these statements, and within one in
-- the order of their keys. Only a transaction that began with the functions of 0001 may meet a newer one so; the server
-- ends one of the two, which is tried again.
CREATE OR REPLACE FUNCTION apply_changes(
  batch_month integer, batch_messages json, batch_contents json, batch_steps json, batch_decisions json,
  batch_replies json, batch_reviews json, batch_dead_letters json
) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  labelled text[];
  labels text[];
  queues text[];
  label_tiers integer[];
  held text[];
  given_back text[];
BEGIN
  -- Only a step that is stored here and now gives the message its intent: a replay may tell another one. Statements of
  -- their own, because within one the order in which tables are written would depend on what there is to write.
  IF batch_steps IS NOT NULL THEN
    WITH incoming AS MATERIALIZED (
      SELECT * FROM json_to_recordset(batch_steps) AS s (
        message_id text, slot smallint, completed_at_ms bigint, model text, embedded boolean,
        cost bigint, baseline bigint, projected bigint, polish bigint,
        input_tokens bigint, cached_input_tokens bigint, output_tokens bigint, reasoning_tokens bigint,
        estimated boolean, confidence double precision, raw_confidence double precision, confidence_source smallint,
        latency_ms double precision, attempts integer, failure_code text, failure_detail text, value text,
        label text, queue text)
    ), stored AS (
      INSERT INTO steps
      SELECT batch_month, message_id, slot, completed_at_ms, model, embedded, cost, baseline, projected, polish,
        input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, estimated, confidence, raw_confidence,
        confidence_source, latency_ms, attempts, failure_code, failure_detail, value::json
      FROM incoming ORDER BY message_id COLLATE "C", slot
      ON CONFLICT DO NOTHING
      RETURNING message_id, slot
    )
    SELECT array_agg(l.message_id), array_agg(l.label), array_agg(l.queue), array_agg(l.tier)
    INTO labelled, labels, queues, label_tiers
    FROM (
      SELECT DISTINCT ON (s.message_id) s.message_id, i.label, i.queue, s.slot & 3 AS tier
      FROM stored s JOIN incoming i ON i.message_id = s.message_id AND i.slot = s.slot
      WHERE i.label IS NOT NULL
      ORDER BY s.message_id, s.slot & 3 DESC
    ) l;
  END IF;

  IF batch_reviews IS NOT NULL THEN
    WITH stored AS (
      INSERT INTO reviews AS v (month, id, message_id, conversation_id, step, reasons, suggestion, requested_at_ms,
        decision, reviewer, decided_at_ms)
      SELECT batch_month, id, message_id, conversation_id, step, reasons::json, suggestion, requested_at_ms,
        decision, reviewer, decided_at_ms
      FROM json_to_recordset(batch_reviews) AS r (
        id text, message_id text, conversation_id text, step smallint, reasons text, suggestion text,
        requested_at_ms bigint, decision text, reviewer text, decided_at_ms bigint)
      ORDER BY id COLLATE "C"
      ON CONFLICT (id, month) DO UPDATE SET
        step = CASE WHEN v.requested_at_ms IS NULL THEN excluded.step ELSE v.step END,
        reasons = CASE WHEN v.requested_at_ms IS NULL THEN excluded.reasons ELSE v.reasons END,
        suggestion = CASE WHEN v.requested_at_ms IS NULL THEN excluded.suggestion ELSE v.suggestion END,
        requested_at_ms = coalesce(v.requested_at_ms, excluded.requested_at_ms),
        decision = CASE WHEN v.decided_at_ms IS NULL THEN excluded.decision ELSE v.decision END,
        reviewer = CASE WHEN v.decided_at_ms IS NULL THEN excluded.reviewer ELSE v.reviewer END,
        decided_at_ms = coalesce(v.decided_at_ms, excluded.decided_at_ms)
      WHERE (v.requested_at_ms IS NULL AND excluded.requested_at_ms IS NOT NULL)
        OR (v.decided_at_ms IS NULL AND excluded.decided_at_ms IS NOT NULL)
      RETURNING message_id, requested_at_ms, decided_at_ms
    )
    -- A decided review gives its message back. Whoever writes of a message raises its status afterwards, so that one who
    -- works it out meanwhile need not see this review.
    SELECT array_agg(message_id) FILTER (WHERE requested_at_ms IS NOT NULL AND decided_at_ms IS NULL),
      array_agg(message_id) FILTER (WHERE decided_at_ms IS NOT NULL)
    INTO held, given_back
    FROM stored;
  END IF;

  INSERT INTO messages AS m (month, id, status, received_at_ms, intent, queue, intent_tier)
  SELECT batch_month, b.id, CASE WHEN h.id IS NULL THEN b.status ELSE greatest(b.status, 3) END, b.received_at_ms,
    l.label, l.queue, coalesce(l.tier, -1)
  FROM json_to_recordset(batch_messages) AS b (id text, status smallint, received_at_ms bigint)
  LEFT JOIN unnest(labelled, labels, queues, label_tiers) AS l (id, label, queue, tier) ON l.id = b.id
  LEFT JOIN (SELECT DISTINCT unnest(held) AS id) h ON h.id = b.id
  ORDER BY b.id COLLATE "C"
  ON CONFLICT (id, month) DO UPDATE SET
    status = greatest(m.status, excluded.status),
    received_at_ms = coalesce(m.received_at_ms, excluded.received_at_ms),
    intent = CASE WHEN excluded.intent_tier > m.intent_tier THEN excluded.intent ELSE m.intent END,
    queue = CASE WHEN excluded.intent_tier > m.intent_tier THEN excluded.queue ELSE m.queue END,
    intent_tier = greatest(m.intent_tier, excluded.intent_tier)
  WHERE excluded.status > m.status OR excluded.intent_tier > m.intent_tier
    OR (m.received_at_ms IS NULL AND excluded.received_at_ms IS NOT NULL);

  IF batch_contents IS NOT NULL THEN
    INSERT INTO contents
    SELECT batch_month, c.* FROM json_to_recordset(batch_contents) AS c (
      message_id text, conversation_id text, channel text, customer text, subject text, text text, locale text,
      customer_facing boolean, trace_id text)
    ON CONFLICT DO NOTHING;
  END IF;

  IF batch_decisions IS NOT NULL THEN
    INSERT INTO decisions
    SELECT batch_month, message_id, slot, verdict, confidence, threshold, reasons::json, policy_version, decided_at_ms
    FROM json_to_recordset(batch_decisions) AS d (
      message_id text, slot smallint, verdict smallint, confidence double precision, threshold double precision,
      reasons text, policy_version text, decided_at_ms bigint)
    ORDER BY message_id COLLATE "C", slot
    ON CONFLICT DO NOTHING;
  END IF;

  IF batch_replies IS NOT NULL THEN
    INSERT INTO replies
    SELECT batch_month, r.* FROM json_to_recordset(batch_replies) AS r (
      message_id text, outcome text, tier smallint, text text, settled_at_ms bigint)
    ON CONFLICT DO NOTHING;
  END IF;

  IF batch_dead_letters IS NOT NULL THEN
    INSERT INTO dead_letters
    SELECT batch_month, d.* FROM json_to_recordset(batch_dead_letters) AS d (
      event_id text, consumer text, message_id text, topic text, code text, detail text, stops boolean,
      failed_at_ms bigint)
    ORDER BY event_id COLLATE "C", consumer COLLATE "C"
    ON CONFLICT DO NOTHING;
  END IF;

  IF given_back IS NOT NULL THEN
    PERFORM restate_messages(batch_month, given_back);
  END IF;
END
$$;

-- As in 0004, with the status worked out as above. Processes of earlier versions name every message with a review in
-- `batch_touched`, which is more than is needed.
CREATE OR REPLACE FUNCTION apply_replays(
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

  PERFORM restate_messages(batch_month, ARRAY(SELECT json_array_elements_text(batch_touched)));
END
$$;

-- As in 0004, and like `restate_messages` reading no more than it must: with `NOT answered`, the update could walk through
-- all open requests.
CREATE OR REPLACE FUNCTION apply_requests(batch_month integer, batch_requests json, batch_waits json, batch_audits json)
RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT SET enable_seqscan TO off SET enable_hashjoin TO off
SET enable_mergejoin TO off AS $$
BEGIN
  INSERT INTO audit_requests (month, message_id, step, rate, confidence, threshold, fingerprint, policy_version,
    requested_at_ms, answered)
  SELECT batch_month, r.*, (
    SELECT count(*) > 0 FROM audits a
    WHERE a.month = batch_month AND a.message_id = r.message_id AND a.step = r.step AND a.kind = 0)
  FROM json_to_recordset(batch_requests) AS r (
    message_id text, step smallint, rate double precision, confidence double precision,
    threshold double precision, fingerprint text, policy_version text, requested_at_ms bigint)
  ORDER BY message_id COLLATE "C", step
  ON CONFLICT DO NOTHING;

  UPDATE audit_requests r SET answered = true
  FROM json_to_recordset(batch_audits) AS a (message_id text, step smallint, kind smallint)
  WHERE a.kind = 0 AND r.month = batch_month AND r.message_id = a.message_id AND r.step = a.step;

  INSERT INTO waits AS w
  SELECT batch_month, s.* FROM json_to_recordset(batch_waits) AS s (message_id text, step smallint, until_ms bigint)
  ORDER BY message_id COLLATE "C", step
  ON CONFLICT (message_id, step, month) DO UPDATE SET until_ms = excluded.until_ms
  WHERE excluded.until_ms > w.until_ms;
END
$$;
