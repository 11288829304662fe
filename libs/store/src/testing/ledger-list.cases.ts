import { expect, it } from 'vitest';
import type { Ledger, ListQuery, Page } from '../ledger.js';
import { decided, detail, received, requested, START, settled, step } from './ledger-history.js';
import { faultOf, type LedgerStage } from './ledger-stage.js';

/** All ids, page by page. */
async function pages(
  read: (cursor: string | undefined) => Promise<Page<{ readonly id: string }>>,
): Promise<readonly (readonly string[])[]> {
  const found: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = await read(cursor);
    found.push(page.items.map(({ id }) => id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return found;
}

const listed = (ledger: Ledger, query: ListQuery) =>
  pages((cursor) => ledger.list({ ...query, ...(cursor === undefined ? {} : { cursor }) }));

export function listCases(stage: () => LedgerStage): void {
  messageListCases(stage);
  reviewListCases(stage);
  cursorCases(stage);
}

function messageListCases(stage: () => LedgerStage): void {
  it('gives the newest first, whatever order they came in', async () => {
    const ledger = await stage().open();
    for (const n of [2, 0, 3, 1]) await ledger.apply([received(`m${n}`, { receivedAtMs: START + n })]);
    expect(await listed(ledger, { limit: 10 })).toEqual([['m3', 'm2', 'm1', 'm0']]);
    expect(await listed(ledger, { limit: 3 })).toEqual([['m3', 'm2', 'm1'], ['m0']]);
    expect(await listed(ledger, { limit: 4 })).toEqual([['m3', 'm2', 'm1', 'm0']]);
  });

  it('leaves none out and repeats none among messages of the same millisecond', async () => {
    const ledger = await stage().open();
    const ids = Array.from({ length: 25 }, (_, n) => `m${n}`);
    await ledger.apply(ids.map((id) => received(id)));
    const found = await listed(ledger, { limit: 4 });
    expect(found.map(({ length }) => length)).toEqual([4, 4, 4, 4, 4, 4, 1]);
    expect(found.flat().sort()).toEqual(ids.sort());
  });

  it('goes on where it was when newer messages come in', async () => {
    const ledger = await stage().open();
    for (const n of [0, 1, 2]) await ledger.apply([received(`m${n}`, { receivedAtMs: START + n })]);
    const { nextCursor } = await ledger.list({ limit: 2 });
    await ledger.apply([received('m3', { receivedAtMs: START + 3 })]);
    const rest = await ledger.list({ limit: 2, cursor: nextCursor ?? '' });
    expect(rest).toMatchObject({ items: [{ id: 'm0' }], nextCursor: null });
  });

  it('gives those of one status, of one intent, and of both', async () => {
    const ledger = await stage().open();
    const refund = (id: string) =>
      step(id, 'classify', 'small', {
        detail: detail('classify', {
          value: { kind: 'classification', label: 'refund', queue: 'money', alternatives: [] },
        }),
      });
    await ledger.apply(['a', 'b', 'c', 'd', 'e'].map((id, n) => received(id, { receivedAtMs: START + n })));
    await ledger.apply([
      refund('a'),
      step('b', 'classify'),
      refund('c'),
      settled('a'),
      settled('b'),
      settled('d'),
    ]);
    const found = async (query: Omit<ListQuery, 'limit'>) =>
      (await listed(ledger, { ...query, limit: 1 })).flat();
    expect(await found({ status: 'settled' })).toEqual(['d', 'b', 'a']);
    expect(await found({ status: 'in_progress' })).toEqual(['c']);
    expect(await found({ status: 'received' })).toEqual(['e']);
    expect(await found({ status: 'failed' })).toEqual([]);
    expect(await found({ intent: 'refund' })).toEqual(['c', 'a']);
    expect(await found({ intent: 'refund', status: 'settled' })).toEqual(['a']);
    expect(await found({ intent: "'; DROP TABLE messages; --" })).toEqual([]);
  });

  it('lists the same view that a message is read with', async () => {
    const ledger = await stage().open();
    await ledger.apply([received('m1'), step('m1', 'draft'), requested('m1')]);
    expect((await ledger.list({ limit: 1 })).items).toEqual([await ledger.message('m1')]);
  });
}

function reviewListCases(stage: () => LedgerStage): void {
  it('gives open reviews, the longest waiting first', async () => {
    const ledger = await stage().open();
    const ids = ['m0', 'm1', 'm2', 'm3', 'm4'];
    await ledger.apply(ids.map((id) => received(id)));
    for (const n of [3, 1, 4, 0, 2]) {
      await ledger.apply([requested(`m${n}`, { requestedAtMs: START + Math.floor(n / 2) })]);
    }
    await ledger.apply([decided('m1')]);
    const found = await pages((cursor) =>
      ledger.reviews({ limit: 2, ...(cursor === undefined ? {} : { cursor }) }),
    );
    expect(found).toEqual([
      ['review of m0', 'review of m3'],
      ['review of m2', 'review of m4'],
    ]);
  });

  it('shows one review, open and decided', async () => {
    const ledger = await stage().open();
    const { kind: _, reviewId, ...facts } = requested('m1');
    await ledger.apply([received('m1'), requested('m1')]);
    const open = { id: reviewId, ...facts, decided: null };
    expect(await ledger.review(reviewId)).toEqual(open);
    expect((await ledger.message('m1'))?.review).toEqual(open);
    await ledger.apply([
      decided('m1', { decision: 'edit' }),
      requested('m1', { suggestion: 'other' }),
      decided('m1', { decision: 'reject' }),
    ]);
    const closed = { ...open, decided: { decision: 'edit', reviewer: 'grace', atMs: START + 280 } };
    expect(await ledger.review(reviewId)).toEqual(closed);
    expect((await ledger.message('m1'))?.review).toEqual(closed);
    expect((await ledger.reviews({ limit: 5 })).items).toEqual([]);
  });

  it('shows the newest of several reviews with the message', async () => {
    const ledger = await stage().open();
    const second = requested('m1', { reviewId: 'second', requestedAtMs: START + 900, suggestion: null });
    await ledger.apply([received('m1'), second, decided('m1'), requested('m1')]);
    expect(await ledger.message('m1')).toMatchObject({
      status: 'in_review',
      review: { id: 'second', suggestion: null, decided: null },
    });
  });

  it('does not know a review of which only the decision came so far', async () => {
    const ledger = await stage().open();
    await ledger.apply([received('m1'), decided('m1')]);
    expect(await ledger.review('review of m1')).toBeUndefined();
    expect(await ledger.review('other')).toBeUndefined();
    await ledger.apply([requested('m1')]);
    expect(await ledger.review('review of m1')).toMatchObject({ decided: { decision: 'approve' } });
  });
}

function cursorCases(stage: () => LedgerStage): void {
  it.each(['', 'x', 'null', '-1', '🗝️', 'a'.repeat(100), Buffer.from('messages:1').toString('base64url')])(
    'refuses %j as a cursor',
    async (cursor) => {
      const ledger = await stage().open();
      await expect(ledger.list({ limit: 1, cursor })).rejects.toThrow(faultOf('malformed'));
      await expect(ledger.reviews({ limit: 1, cursor })).rejects.toThrow(faultOf('malformed'));
    },
  );

  it('refuses the cursor of another list', async () => {
    const ledger = await stage().open();
    for (const id of ['m1', 'm2']) await ledger.apply([received(id), requested(id)]);
    const messages = (await ledger.list({ limit: 1 })).nextCursor ?? '';
    const reviews = (await ledger.reviews({ limit: 1 })).nextCursor ?? '';
    await expect(ledger.list({ limit: 1, cursor: reviews })).rejects.toThrow(faultOf('malformed'));
    await expect(ledger.reviews({ limit: 1, cursor: messages })).rejects.toThrow(faultOf('malformed'));
  });
}
