import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, post, until } from '../api.js';
import { type Server, startServer } from '../server.js';

let server: Server;
beforeAll(async () => {
  server = await startServer();
}, 60_000);
afterAll(() => server.remove());

interface Review {
  readonly id: string;
  readonly message_id: string;
  readonly suggestion: string | null;
  readonly reasons: readonly string[];
}

/** A privacy request always goes to a person, with a draft. */
async function held(): Promise<Review> {
  const text = 'Under GDPR I ask you to delete all my personal data and confirm it.';
  const id = await post(server.url, { text, channel: 'form' });
  await until(server.url, id, ['in_review']);
  const { body } = await call<{ items: Review[] }>(`${server.url}/v1/reviews?limit=200`);
  const review = body.items.find(({ message_id }) => message_id === id);
  if (review === undefined) throw new Error('the review is not listed');
  return review;
}

const decide = (review: Review, decision: object) => call(`${server.url}/v1/reviews/${review.id}`, decision);

describe('a held reply', () => {
  it('is sent as it stands when a person approves', async () => {
    const review = await held();
    expect(review.suggestion).not.toBeNull();
    expect((await decide(review, { decision: 'approve' })).status).toBe(202);
    expect(await until(server.url, review.message_id, ['settled'])).toMatchObject({
      outcome: 'replied',
      reply: { text: review.suggestion },
    });
  });

  it('is sent in the person’s words when edited', async () => {
    const review = await held();
    await decide(review, { decision: 'edit', text: 'We deleted everything today.' });
    expect(await until(server.url, review.message_id, ['settled'])).toMatchObject({
      reply: { text: 'We deleted everything today.', by: 'human' },
    });
  });

  it('is not sent when rejected', async () => {
    const review = await held();
    await decide(review, { decision: 'reject' });
    expect(await until(server.url, review.message_id, ['settled'])).toMatchObject({
      outcome: 'closed',
      reply: null,
    });
  });

  it('is decided once: the same word again is the same decision, another is a conflict', async () => {
    const review = await held();
    expect((await decide(review, { decision: 'approve' })).status).toBe(202);
    expect((await decide(review, { decision: 'approve' })).status).toBe(202);
    expect((await decide(review, { decision: 'reject' })).status).toBe(409);
  });

  it.each([
    ['an edit without a text', { decision: 'edit' }, 400],
    ['a word that is no decision', { decision: 'maybe' }, 400],
  ])('%s is refused', async (_, decision, status) => {
    expect((await decide(await held(), decision)).status).toBe(status);
  });

  it('that does not exist is not found', async () => {
    expect((await call(`${server.url}/v1/reviews/none`, { decision: 'approve' })).status).toBe(404);
  });
});
