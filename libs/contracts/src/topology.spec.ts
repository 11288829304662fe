import { expect, it } from 'vitest';
import { topicOf } from './event.js';
import { deadTopics, eventSchemas, retryTopics, subscriptions } from './topology.js';

it('gives every event a reader', () => {
  const read = new Set(Object.values(subscriptions).flat().map(topicOf));
  expect(eventSchemas.map(topicOf).filter((topic) => !read.has(topic))).toEqual([]);
});

it.each([
  ['dead-letter', deadTopics, 'message.received.classifier.dead'],
  ['retry', retryTopics, 'message.received.classifier.retry'],
])('names one %s topic for each topic that a group reads', (_, topics, example) => {
  expect(topics).toContain(example);
  expect(new Set(topics).size).toBe(Object.values(subscriptions).flat().length);
});

it('gives every topic but the ledger’s own inputs a reader that acts on it', () => {
  const acting = Object.entries(subscriptions)
    .filter(([group]) => group !== 'ledger')
    .flatMap(([, schemas]) => schemas.map(topicOf));
  const onlyRecorded = eventSchemas.map(topicOf).filter((topic) => !acting.includes(topic));
  expect(onlyRecorded.sort()).toEqual([
    'alarm.raised',
    'audit.requested',
    'decision.made',
    'event.replayed',
    'message.settled',
    'review.requested',
  ]);
});
