-- The ledger: what happened to every message and what it cost.
--
-- Every table is partitioned by `month`, 202611 for November 2026: the month in which the message was taken in, as its
-- id tells, or 0 for an id that tells no time. Times are milliseconds since the epoch and money is nano-dollars, both
-- exact in a bigint. Small numbers for a status, a slot, a verdict are places in the lists of ledger-codes.ts.
-- Texts are escaped where PostgreSQL could not hold them: see stored-text.ts.

CREATE SEQUENCE message_numbers;
CREATE SEQUENCE review_numbers;

-- A message without `received_at_ms` is known only by other facts so far.
CREATE TABLE messages (
  month integer NOT NULL,
  id text COLLATE "C" NOT NULL,
  number bigint NOT NULL DEFAULT nextval('message_numbers'),
  status smallint NOT NULL,
  received_at_ms bigint,
  intent text COLLATE "C",
  queue text,
  intent_tier smallint NOT NULL,
  PRIMARY KEY (id, month)
) PARTITION BY LIST (month);
CREATE INDEX messages_by_time ON messages (received_at_ms, number);
CREATE INDEX messages_open ON messages (status, received_at_ms, number) WHERE status <> 4;
CREATE INDEX messages_by_intent ON messages (intent, received_at_ms, number) WHERE intent IS NOT NULL;

-- Apart from `messages`, whose rows are written anew with every change of status.
CREATE TABLE contents (
  month integer NOT NULL,
  message_id text COLLATE "C" NOT NULL,
  conversation_id text NOT NULL,
  channel text NOT NULL,
  customer text NOT NULL,
  subject text NOT NULL,
  text text NOT NULL,
  locale text NOT NULL,
  customer_facing boolean,
  trace_id text NOT NULL,
  PRIMARY KEY (message_id, month)
) PARTITION BY LIST (month);

CREATE TABLE steps (
  month integer NOT NULL,
  message_id text COLLATE "C" NOT NULL,
  slot smallint NOT NULL,
  completed_at_ms bigint NOT NULL,
  model text,
  embedded boolean NOT NULL,
  cost bigint,
  baseline bigint,
  projected bigint,
  polish bigint,
  input_tokens bigint,
  cached_input_tokens bigint,
  output_tokens bigint,
  reasoning_tokens bigint,
  estimated boolean NOT NULL,
  confidence double precision,
  raw_confidence double precision,
  confidence_source smallint NOT NULL,
  latency_ms double precision NOT NULL,
  attempts integer NOT NULL,
  failure_code text,
  failure_detail text,
  value json,
  PRIMARY KEY (message_id, slot, month)
) PARTITION BY LIST (month);

CREATE TABLE decisions (
  month integer NOT NULL,
  message_id text COLLATE "C" NOT NULL,
  slot smallint NOT NULL,
  verdict smallint NOT NULL,
  confidence double precision,
  threshold double precision,
  reasons json NOT NULL,
  policy_version text NOT NULL,
  decided_at_ms bigint NOT NULL,
  PRIMARY KEY (message_id, slot, month)
) PARTITION BY LIST (month);

CREATE TABLE replies (
  month integer NOT NULL,
  message_id text COLLATE "C" NOT NULL,
  outcome text NOT NULL,
  tier smallint NOT NULL,
  text text NOT NULL,
  settled_at_ms bigint NOT NULL,
  PRIMARY KEY (message_id, month)
) PARTITION BY LIST (month);

-- The request and the decision come in either order; each fills its own columns once.
CREATE TABLE reviews (
  month integer NOT NULL,
  id text COLLATE "C" NOT NULL,
  number bigint NOT NULL DEFAULT nextval('review_numbers'),
  message_id text COLLATE "C" NOT NULL,
  conversation_id text NOT NULL,
  step smallint,
  reasons json,
  suggestion text,
  requested_at_ms bigint,
  decision text,
  reviewer text,
  decided_at_ms bigint,
  PRIMARY KEY (id, month)
) PARTITION BY LIST (month);
CREATE INDEX reviews_by_message ON reviews (message_id);
CREATE INDEX reviews_open ON reviews (requested_at_ms, number)
  WHERE requested_at_ms IS NOT NULL AND decided_at_ms IS NULL;

CREATE TABLE dead_letters (
  month integer NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  consumer text COLLATE "C" NOT NULL,
  message_id text COLLATE "C",
  topic text NOT NULL,
  code text NOT NULL,
  detail text NOT NULL,
  stops boolean NOT NULL,
  failed_at_ms bigint NOT NULL,
  PRIMARY KEY (event_id, consumer, month)
) PARTITION BY LIST (month);
CREATE INDEX dead_letters_by_message ON dead_letters (message_id) WHERE message_id IS NOT NULL;

-- Makes the partitions of one month where they are missing. They are made apart and then attached, because that, unlike
-- CREATE TABLE ... PARTITION OF, lets others read and write meanwhile. There is no default partition: rows in it would
-- have to be searched, and those who write kept waiting, each time that a month is added.
CREATE FUNCTION make_month(wanted integer) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  parent text;
  partition text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('spillway ledger months'), hashtext(current_schema()));
  FOREACH parent IN ARRAY
    ARRAY['messages', 'contents', 'steps', 'decisions', 'replies', 'reviews', 'dead_letters']
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

-- Stores changes of messages of one month; whatever is there already stays as it is. Each array is null or holds one
-- object for each row, without repeats; `batch_messages` holds every message that the others tell of.
--
-- Two writers never wait for each other in a circle: both take rows in the order of these statements, and within one in
-- the order of their keys. Whoever holds a message's row is the only one to write of that message.
CREATE FUNCTION apply_changes(
  batch_month integer, batch_messages json, batch_contents json, batch_steps json, batch_decisions json,
  batch_replies json, batch_reviews json, batch_dead_letters json
) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  labels json;
BEGIN
  -- Only a step that is stored here and now gives the message its intent: a replay may tell another one. A statement of
  -- its own, because within one the order in which tables are written would depend on what there is to write.
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
  SELECT json_agg(l) INTO labels FROM (
    SELECT DISTINCT ON (s.message_id) s.message_id, i.label, i.queue, s.slot & 3 AS tier
    FROM stored s JOIN incoming i ON i.message_id = s.message_id AND i.slot = s.slot
    WHERE i.label IS NOT NULL
    ORDER BY s.message_id, s.slot & 3 DESC
  ) l;

  INSERT INTO messages AS m (month, id, status, received_at_ms, intent, queue, intent_tier)
  SELECT batch_month, b.id, b.status, b.received_at_ms, l.label, l.queue, coalesce(l.tier, -1)
  FROM json_to_recordset(batch_messages) AS b (id text, status smallint, received_at_ms bigint)
  LEFT JOIN json_to_recordset(labels) AS l (message_id text, label text, queue text, tier smallint)
    ON l.message_id = b.id
  ORDER BY b.id COLLATE "C"
  ON CONFLICT (id, month) DO UPDATE SET
    status = greatest(m.status, excluded.status),
    received_at_ms = coalesce(m.received_at_ms, excluded.received_at_ms),
    intent = CASE WHEN excluded.intent_tier > m.intent_tier THEN excluded.intent ELSE m.intent END,
    queue = CASE WHEN excluded.intent_tier > m.intent_tier THEN excluded.queue ELSE m.queue END,
    intent_tier = greatest(m.intent_tier, excluded.intent_tier)
  WHERE excluded.status > m.status OR excluded.intent_tier > m.intent_tier
    OR (m.received_at_ms IS NULL AND excluded.received_at_ms IS NOT NULL);

  INSERT INTO contents
  SELECT batch_month, c.* FROM json_to_recordset(batch_contents) AS c (
    message_id text, conversation_id text, channel text, customer text, subject text, text text, locale text,
    customer_facing boolean, trace_id text)
  ON CONFLICT DO NOTHING;

  INSERT INTO decisions
  SELECT batch_month, message_id, slot, verdict, confidence, threshold, reasons::json, policy_version, decided_at_ms
  FROM json_to_recordset(batch_decisions) AS d (
    message_id text, slot smallint, verdict smallint, confidence double precision, threshold double precision,
    reasons text, policy_version text, decided_at_ms bigint)
  ON CONFLICT DO NOTHING;

  INSERT INTO replies
  SELECT batch_month, r.* FROM json_to_recordset(batch_replies) AS r (
    message_id text, outcome text, tier smallint, text text, settled_at_ms bigint)
  ON CONFLICT DO NOTHING;

  INSERT INTO dead_letters
  SELECT batch_month, d.* FROM json_to_recordset(batch_dead_letters) AS d (
    event_id text, consumer text, message_id text, topic text, code text, detail text, stops boolean,
    failed_at_ms bigint)
  ORDER BY event_id COLLATE "C", consumer COLLATE "C"
  ON CONFLICT DO NOTHING;

  IF batch_reviews IS NOT NULL THEN
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
      decided_at_ms = coalesce(v.decided_at_ms, excluded.decided_at_ms);

    -- A decided review gives its message back, so that the status must be worked out from all facts. The message's row
    -- is held by now: what others wrote of it before is committed and can be seen.
    UPDATE messages m SET status = CASE
      WHEN EXISTS (SELECT FROM replies r WHERE r.month = batch_month AND r.message_id = m.id) THEN 4
      WHEN EXISTS (SELECT FROM reviews v WHERE v.month = batch_month AND v.message_id = m.id
                   AND v.requested_at_ms IS NOT NULL AND v.decided_at_ms IS NULL) THEN 3
      WHEN EXISTS (SELECT FROM dead_letters d WHERE d.month = batch_month AND d.message_id = m.id AND d.stops) THEN 2
      ELSE 1 END
    WHERE m.month = batch_month
      AND m.id IN (SELECT r.message_id FROM json_to_recordset(batch_reviews) AS r (message_id text));
  END IF;
END
$$;
