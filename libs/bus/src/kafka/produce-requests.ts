import { createRequire } from 'node:module';
import { encodeProduce, type ProduceRequest, type SentRecord } from './produce-request.js';

interface Request extends ProduceRequest {
  readonly compression?: number;
  readonly transactionalId?: string | null;
  readonly producerId?: unknown;
}

interface Protocol {
  readonly request: { readonly apiVersion: number; readonly encode: () => Promise<unknown> };
}

type Lookup = (apiKey: number, definition: unknown) => (request: Request) => Protocol;

/** What is used of kafkajs's broker. */
interface Broker {
  produce(request: Request): Promise<unknown>;
  readonly lookupRequest: Lookup;
}

const { prototype } = createRequire(import.meta.url)('kafkajs/src/broker') as {
  readonly prototype: Partial<Broker>;
};

/** Versions whose body is the one that `encodeProduce` makes. */
const OLDEST = 3;
const NEWEST = 8;

let encoding: boolean | undefined;

/**
 * Lets the producers of kafkajs write their requests with `encodeProduce`, where they use neither compression nor
 * transactions nor numbered batches. False when this kafkajs is another one than this was made for; then nothing is
 * changed.
 */
export function encodeProduceRequests(): boolean {
  encoding ??= patch(prototype);
  return encoding;
}

/** For `encodeProduceRequests`, on whatever prototype. */
export function patch(broker: Partial<Broker>): boolean {
  const produce = broker.produce;
  if (typeof produce !== 'function' || !isAsExpected(produce)) return false;
  broker.produce = function (this: Broker, request: Request): Promise<unknown> {
    if (!isPlain(request)) return produce.call(this, request);
    const encoding: Broker = Object.create(this, { lookupRequest: { value: encodingLookup(this) } });
    return produce.call(encoding, request);
  };
  return true;
}

const encodingLookup =
  (broker: Broker): Lookup =>
  (...asked) => {
    const protocol = broker.lookupRequest(...asked);
    return (request) => {
      const made = protocol(request);
      const { apiVersion } = made.request;
      if (apiVersion < OLDEST || apiVersion > NEWEST) return made;
      return { ...made, request: { ...made.request, encode: () => encoded(request) } };
    };
  };

/** What kafkajs takes for one of its own encoders. */
async function encoded(request: Request): Promise<unknown> {
  const buffer = encodeProduce(request, Date.now());
  return { buf: buffer, buffer };
}

function isPlain({ compression = 0, transactionalId, producerId, topicData }: Request): boolean {
  if (compression !== 0 || transactionalId || `${producerId ?? -1}` !== '-1') return false;
  return topicData.every(({ partitions }) => partitions.every(({ messages }) => messages.every(isOurs)));
}

/** Whether `writeRecord` may have made it: others leave texts, lists and times to kafkajs. */
const isOurs = (message: SentRecord): boolean =>
  !('timestamp' in message) &&
  (message.key === null || Buffer.isBuffer(message.key)) &&
  Buffer.isBuffer(message.value) &&
  Object.values(message.headers ?? [0]).every((text) => typeof text === 'string');

/** It looks its request up on the broker, and hands on what it was given. */
const isAsExpected = (produce: unknown): boolean =>
  ['this.lookupRequest(apiKeys.Produce, requests.Produce)', 'topicData,', 'compression,'].every((part) =>
    String(produce).includes(part),
  );
