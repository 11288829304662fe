import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { decodeFetch } from './fetch-response.js';
import { decodeFetchResponses, patch } from './fetch-responses.js';

const load = createRequire(import.meta.url);

const answersOf = (version: number): { decode: unknown } =>
  load(`kafkajs/src/protocol/requests/fetch/v${version}/response`) as { decode: unknown };

describe('fetch responses of kafkajs', () => {
  it('are for this kafkajs', () => expect(decodeFetchResponses()).toBe(true));

  it.each([
    ['of today', 11, true],
    ['from before Kafka 2.3', 10, false],
  ])('of brokers %s are read by us: %s', (_, version, ours) => {
    decodeFetchResponses();
    expect(answersOf(version).decode === decodeFetch).toBe(ours);
  });

  it.each([
    ['has no such method', {}],
    ['reads them in another way', { decode: () => undefined }],
  ])('are left to kafkajs when it %s', (_, other: object) => {
    const before = { ...other };
    expect(patch(other)).toBe(false);
    expect(other).toEqual(before);
  });
});
