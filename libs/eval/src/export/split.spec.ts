import { expect, it } from 'vitest';
import { type Part, partOf } from './split.js';

const conversations = Array.from({ length: 5_000 }, (_, at) => `conversation ${at}`);

it('puts eight of ten conversations into training, and one each into validation and test', () => {
  const counts: Record<Part, number> = { train: 0, validation: 0, test: 0 };
  for (const id of conversations) counts[partOf(id, 'support')] += 1;
  expect(counts.train / 5_000).toBeCloseTo(0.8, 1);
  expect(counts.validation / 5_000).toBeCloseTo(0.1, 1);
  expect(counts.test / 5_000).toBeCloseTo(0.1, 1);
});

it.each<[string, Part]>([
  ['conversation 0', 'train'],
  ['conversation 3', 'validation'],
  ['conversation 22', 'test'],
])('has %s in the part that it always was in', (id, part) => {
  expect(partOf(id, 'support')).toBe(part);
});

it('is another split under another key', () => {
  const moved = conversations.filter((id) => partOf(id, 'support') !== partOf(id, 'sales'));
  expect(moved.length).toBeGreaterThan(1_000);
});
