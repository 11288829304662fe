import { createRequire } from 'node:module';
import { decodeFetch, type FetchResponse } from './fetch-response.js';

/** What is used of kafkajs's reading of an answer, of one version. */
interface ResponseProtocol {
  decode(answer: Buffer): Promise<FetchResponse>;
}

const load = createRequire(import.meta.url);
const protocol = load('kafkajs/src/protocol/requests/fetch/v11/response') as Partial<ResponseProtocol>;

/** What reads the messages of an answer, and what is made of them. */
const users: readonly string[] = [
  'kafkajs/src/protocol/requests/fetch/v4/decodeMessages',
  'kafkajs/src/consumer/batch',
  'kafkajs/src/consumer/filterAbortedMessages',
].map((path) => String(load(path)));

let decoding: boolean | undefined;

/**
 * Lets the readers of kafkajs read the answers of today's brokers with `decodeFetch`. False when this kafkajs is
 * another one than this was made for; then nothing is changed.
 */
export function decodeFetchResponses(): boolean {
  decoding ??= patch(protocol);
  return decoding;
}

/** For `decodeFetchResponses`, on whatever protocol. */
export function patch(response: Partial<ResponseProtocol>): boolean {
  if (typeof response.decode !== 'function' || !isAsExpected(response.decode)) return false;
  response.decode = decodeFetch;
  return true;
}

/** It reads these, in this order, and of a message this is used. */
function isAsExpected(decode: unknown): boolean {
  const [messages = '', batch = '', aborted = ''] = users;
  return (
    /clientSideThrottleTime = .*errorCode = .*sessionId = .*responses = .*decodeResponse/s.test(
      String(decode),
    ) &&
    messages.includes('magicByte === MAGIC_BYTE') &&
    batch.includes('Long.fromValue(message.offset)') &&
    batch.includes('!message.isControlRecord') &&
    aborted.includes('{ producerId, inTransaction } = message.batchContext')
  );
}
