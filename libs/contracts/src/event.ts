import {
  create,
  type DescMessage,
  fromBinary,
  getOption,
  hasOption,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import { encode } from './encode.js';
import { Fault } from './fault.js';
import { key as keyOption, topic as topicOption } from './gen/spillway/v1/options_pb.js';

/** An event on its way out: encoded, keyed and named, so that publishing it twice can be recognised. */
export interface Outgoing {
  readonly topic: string;
  /** Partition key: the conversation. */
  readonly key: string;
  /** Derived from (message, step, purpose): the same event has the same id however often it is made. */
  readonly id: string;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  /** The event in `value`, for readers in the same process: nobody may change it, and a copy with another value drops it. */
  readonly decoded?: unknown;
}

/** Of an event that nothing is known of besides itself. */
export const NO_HEADERS: Outgoing['headers'] = Object.freeze({});

const topics = new WeakMap<DescMessage, string>();
const keyFields = new WeakMap<DescMessage, string>();

/** The topic that the `.proto` names for this type. Throws `misconfigured` when it names none. */
export function topicOf(schema: DescMessage): string {
  let topic = topics.get(schema);
  if (topic === undefined) {
    if (!hasOption(schema, topicOption)) throw new Fault('misconfigured', `${schema.typeName} has no topic`);
    topic = getOption(schema, topicOption);
    topics.set(schema, topic);
  }
  return topic;
}

function keyFieldOf(schema: DescMessage): string {
  let name = keyFields.get(schema);
  if (name === undefined) {
    const field = schema.fields.find((candidate) => hasOption(candidate, keyOption));
    if (field === undefined) throw new Fault('misconfigured', `${schema.typeName} has no key field`);
    name = field.localName;
    keyFields.set(schema, name);
  }
  return name;
}

/** The partition key of an event: the field that the `.proto` marks. Throws `malformed` when it is empty. */
export function keyOf<S extends DescMessage>(schema: S, event: MessageShape<S>): string {
  const value = (event as Record<string, unknown>)[keyFieldOf(schema)];
  if (typeof value !== 'string' || value === '')
    throw new Fault('malformed', `${schema.typeName} has an empty key`);
  return value;
}

/**
 * Makes an event ready to be published.
 *
 * `purpose` tells apart the events of one type that one message can have ("classify:small"); the id is
 * `<message id>/<topic>` or `<message id>/<topic>/<purpose>`.
 *
 * @example
 * emit(PolishRequestedSchema, { conversationId: 'c1', messageId: 'm1', task: Step.DRAFT }, 'draft').id;
 * // 'm1/polish.requested/draft'
 */
export function emit<S extends DescMessage>(schema: S, init: MessageInitShape<S>, purpose = ''): Outgoing {
  return emitTo(topicOf(schema), schema, init, purpose);
}

/** `emit` for the topics that are derived from others, such as `<topic>.<group>.dead`. */
export function emitTo<S extends DescMessage>(
  topic: string,
  schema: S,
  init: MessageInitShape<S>,
  purpose = '',
): Outgoing {
  const event = create(schema, init);
  const messageId = (event as Record<string, unknown>)['messageId'];
  return {
    topic,
    key: keyOf(schema, event),
    id: `${String(messageId)}/${topic}${purpose === '' ? '' : `/${purpose}`}`,
    value: encode(schema, event),
    headers: NO_HEADERS,
    decoded: event,
  };
}

/** Reads an event. Throws `malformed` when the bytes are not one. */
export function decode<S extends DescMessage>(schema: S, value: Uint8Array): MessageShape<S> {
  try {
    return fromBinary(schema, value);
  } catch (cause) {
    throw new Fault('malformed', `not a ${schema.typeName}`, { cause });
  }
}
