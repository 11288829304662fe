import { expect, it } from 'vitest';
import { topicOf } from './event.js';
import { deadTopics, eventSchemas, subscriptions } from './topology.js';

it('gives every event a reader', () => {
  const read = new Set(Object.values(subscriptions).flat().map(topicOf));
  expect(eventSchemas.map(topicOf).filter((topic) => !read.has(topic))).toEqual([]);
});

it('names one dead-letter topic for each topic that a group reads', () => {
  expect(deadTopics).toContain('message.received.classifier.dead');
  expect(new Set(deadTopics).size).toBe(Object.values(subscriptions).flat().length);
});

it('gives every topic but the ledger’s own inputs a reader that acts on it', () => {
  const acting = Object.entries(subscriptions)
    .filter(([group]) => group !== 'ledger')
    .flatMap(([, schemas]) => schemas.map(topicOf));
  const onlyRecorded = eventSchemas.map(topicOf).filter((topic) => !acting.includes(topic));
  expect(onlyRecorded.sort()).toEqual(['decision.made', 'message.settled', 'review.requested']);
});
