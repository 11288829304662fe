import { Fault, type FaultCode } from '@spillway/contracts/fault';

/** Why events could not be sent, and whether sending something else instead can help. */
export interface ProduceFailure {
  /** `outage`: the same again, later. `topic`: events of other topics may go. `content`: other events may go. */
  readonly kind: 'outage' | 'topic' | 'content';
  readonly fault: Fault;
}

/** By Kafka's name of the error. What is not listed, and may pass, is an outage. */
const refusals: Readonly<Record<string, readonly [ProduceFailure['kind'], FaultCode, string]>> = {
  MESSAGE_TOO_LARGE: ['content', 'too_large', 'the topic takes no record that large'],
  RECORD_LIST_TOO_LARGE: ['content', 'too_large', 'the topic takes no record that large'],
  INVALID_RECORD: ['content', 'rejected', 'the topic does not take such a record'],
  INVALID_TIMESTAMP: ['content', 'rejected', 'the topic does not take such a timestamp'],
  UNKNOWN_TOPIC_OR_PARTITION: ['topic', 'misconfigured', 'the topic does not exist'],
  INVALID_TOPIC_EXCEPTION: ['topic', 'misconfigured', 'the topic cannot exist'],
  TOPIC_AUTHORIZATION_FAILED: ['topic', 'misconfigured', 'this client may not write to the topic'],
};

/** Reads what kafkajs threw. */
export function produceFailure(error: unknown): ProduceFailure {
  const root = rootOf(error);
  const refusal = refusals[(root as { type?: string }).type ?? ''];
  if (refusal !== undefined) {
    const [kind, code, message] = refusal;
    return { kind, fault: new Fault(code, message, { cause: error }) };
  }
  return {
    kind: 'outage',
    fault: new Fault('unavailable', 'the brokers do not take events', { cause: error }),
  };
}

/** kafkajs wraps what happened once or twice. */
function rootOf(error: unknown): unknown {
  let root = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  return root;
}
