import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { openEmbeddedLedger } from '../embedded-ledger.js';
import type { Ledger } from '../ledger.js';
import type { LedgerChange } from '../ledger-change.js';
import { openPostgresLedger } from '../postgres-ledger.js';
import {
  auditRequest,
  call,
  dead,
  decided,
  decision,
  detail,
  histories,
  received,
  replay,
  requested,
  settled,
  step,
} from '../testing/ledger-history.js';
import { faultOf } from '../testing/ledger-stage.js';
import { postgresSchemas } from '../testing/postgres-schemas.js';

const url = inject('databaseUrl');
const schemas = postgresSchemas(url);
const folder = mkdtempSync(join(tmpdir(), 'spillway-reference-'));
afterAll(() => rmSync(folder, { recursive: true }));

let places = 0;
const reference = () => openEmbeddedLedger({ path: join(folder, String(places++), 'ledger.db') });

async function everything(ledger: Ledger, ids: readonly string[]) {
  const { items } = await ledger.reviews({ limit: 200 });
  return {
    messages: await Promise.all(ids.map((id) => ledger.message(id))),
    listed: (await ledger.list({ limit: 200 })).items.map(({ id }) => id).sort(),
    reviews: items.toSorted((one, other) => one.id.localeCompare(other.id)),
    counts: await ledger.counts(),
    savings: await ledger.savings({}),
  };
}

/** Facts in pieces of one to four, as handlers bring them. */
function* pieces(facts: readonly LedgerChange[]): Generator<readonly LedgerChange[]> {
  for (let at = 0, size = 1; at < facts.length; at += size, size = (size % 4) + 1)
    yield facts.slice(at, at + size);
}

describe('two writers', () => {
  it('come to what one comes to, whatever each of them is told of the same messages', {
    timeout: 120_000,
  }, async () => {
    const own = await schemas.freshDatabase();
    const writers = await Promise.all([1, 2].map(() => openPostgresLedger({ url: own, poolSize: 2 })));
    let run = 0;
    // Every run has messages of its own: to make a schema for each would take longer than the runs.
    await fc.assert(
      fc.asyncProperty(histories, fc.nat(), async ({ facts, shuffled }, half) => {
        const prefix = `run ${run++}: `;
        const all = named(facts, prefix);
        const crooked = named(shuffled, prefix);
        const from = half % crooked.length;
        const told = [all, [...crooked.slice(from), ...crooked.slice(0, from)]];
        // Piece after piece, so that the transactions of the two are many and interleave.
        const tell = async (writer: Ledger, facts: readonly LedgerChange[]) => {
          for (const piece of pieces(facts)) await writer.apply(piece);
        };
        await Promise.all(writers.map((writer, n) => tell(writer, told[n] ?? [])));
        const alone = reference();
        await alone.apply(all);
        const ids = [1, 2, 3, 4].map((n) => `${prefix}m${n}`);
        const [stored, expected] = await Promise.all(
          [writers[0] as Ledger, alone].map((ledger) => Promise.all(ids.map((id) => ledger.message(id)))),
        );
        expect(stored).toEqual(expected);
        await alone.close();
      }),
      { numRuns: 100 },
    );
    await Promise.all(writers.map((writer) => writer.close()));
    // They never waited for each other in a circle, which the server would have ended after a second.
    const deadlocks = 'SELECT deadlocks FROM pg_stat_database WHERE datname = ';
    const [row] = await schemas.query(schemas.fresh(), `${deadlocks}'${new URL(own).pathname.slice(1)}'`);
    expect(row).toEqual({ deadlocks: '0' });
  });

  it('come to the same totals and lists as the embedded ledger', { timeout: 120_000 }, async () => {
    const schema = schemas.fresh();
    const writers = await Promise.all([1, 2].map(() => openPostgresLedger({ url, schema, poolSize: 2 })));
    const alone = reference();
    const samples = fc.sample(histories, { numRuns: 40, seed: 7 });
    for (const [n, { facts, shuffled }] of samples.entries()) {
      const own = (changes: readonly LedgerChange[]) => named(changes, `${n}: `);
      await Promise.all([
        writers[0]?.apply(own(shuffled)),
        writers[1]?.apply(own(facts)),
        alone.apply(own(facts)),
      ]);
    }
    const ids = samples.flatMap((_, n) => [1, 2, 3, 4].map((m) => `${n}: m${m}`));
    expect(await everything(writers[1] as Ledger, ids)).toEqual(await everything(alone, ids));
    await Promise.all([alone, ...writers].map((ledger) => ledger.close()));
  });
});

/** The same facts of messages with other names. */
const named = (changes: readonly LedgerChange[], prefix: string): readonly LedgerChange[] =>
  changes.map((change) => {
    const messageId = change.messageId === null ? null : prefix + change.messageId;
    const event = 'eventId' in change ? { eventId: prefix + change.eventId } : {};
    const review = 'reviewId' in change ? { reviewId: prefix + change.reviewId } : {};
    return { ...change, ...event, ...review, messageId } as LedgerChange;
  });

async function inSchema(run: (ledger: Ledger, schema: string) => Promise<void>): Promise<void> {
  const schema = schemas.fresh();
  const ledger = await openPostgresLedger({ url, schema });
  await run(ledger, schema).finally(ledger.close);
}

describe('a write', () => {
  it('keeps the first of two answers to one step, its intent too', async () => {
    await inSchema(async (ledger) => {
      const labelled = (label: string) =>
        step('m1', 'classify', 'small', {
          detail: detail('classify', {
            value: { kind: 'classification', label, queue: label, alternatives: [] },
          }),
        });
      const failed = step('m2', 'classify', 'small', { detail: detail('classify', { value: null }) });
      await ledger.apply([received('m1'), labelled('refund'), labelled('order'), received('m2'), failed]);
      await ledger.apply([labelled('order'), { ...labelled('order'), messageId: 'm2' }]);
      expect(await ledger.message('m1')).toMatchObject({
        intent: 'refund',
        steps: [{ value: { label: 'refund' } }],
      });
      expect(await ledger.message('m2')).toMatchObject({ intent: null, steps: [{ value: null }] });
    });
  });

  it('that cannot be stored fails alone, for good, and does not say what it held', async () => {
    await inSchema(async (ledger) => {
      const beyond = step('secret name', 'draft', 'small', { call: call({ costNanos: 2n ** 63n }) });
      const results = await Promise.allSettled([
        ledger.apply([received('m1')]),
        ledger.apply([received('m2'), beyond]),
        ledger.apply([received('m3')]),
      ]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      const { reason } = results[1] as PromiseRejectedResult;
      expect(reason).toEqual(faultOf('rejected'));
      expect(reason.cause).toBeUndefined();
      expect(reason.message).not.toContain('secret');
      expect(await ledger.message('m2')).toBeUndefined();
      expect((await ledger.counts()).byStatus.received).toBe(2);
    });
  });

  it('shares a transaction with those that come while another is under way', async () => {
    await inSchema(async (ledger, schema) => {
      await Promise.all(Array.from({ length: 300 }, (_, n) => ledger.apply([received(`m${n}`)])));
      const rows = await schemas.query(schema, 'SELECT xmin FROM contents GROUP BY 1');
      expect(rows.length).toBeLessThanOrEqual(2);
    });
  });

  it('is finished before the ledger is closed', async () => {
    await inSchema(async (ledger, schema) => {
      const writes = [received('m1'), step('m1', 'draft')].map((change) => ledger.apply([change]));
      const read = ledger.savings({});
      await ledger.close();
      await Promise.all([...writes, read]);
      expect(await schemas.query(schema, 'SELECT id FROM messages')).toEqual([{ id: 'm1' }]);
    });
  });
});

const texts = [
  'a\0b',
  '\ud83d',
  '\udce6 \uffff0000',
  '\\u0000',
  '{"a":"\\u0000"}',
  "'; DROP TABLE steps; --",
];

describe('hostile text', () => {
  it('is stored and read as it came, wherever it stands', async () => {
    await inSchema(async (ledger) => {
      const alone = reference();
      for (const turn of texts.keys()) {
        // The reference has a name in the place of each text, so that it need not hold such texts itself.
        const textOf = (name: string) =>
          `${texts[(turn + Number(name)) % texts.length]} of ${name} in ${turn}`;
        const plain = (place: number) => `<${turn} ${place}>`;
        const hostile = (value: unknown) => replaced(value, /^<\d+ (\d+)>$/, textOf);
        const changes = historyWith(plain);
        await ledger.apply(hostile(changes) as LedgerChange[]);
        await ledger.apply(hostile(changes) as LedgerChange[]);
        await alone.apply(changes);
        const [id, intent] = [hostile(plain(0)), hostile(plain(9))] as [string, string];
        const expected = hostile(await alone.message(plain(0)));
        expect(await ledger.message(id)).toEqual(expected);
        expect((await ledger.list({ limit: 20, intent })).items).toEqual([expected]);
        expect(await ledger.review(hostile(plain(21)) as string)).toEqual(
          hostile(await alone.review(plain(21))),
        );
        expect((await ledger.savings({})).calls).toBe((await alone.savings({})).calls);
      }
      await alone.close();
    });
  });
});

/** The value with every text in it that matches replaced. */
function replaced(value: unknown, pattern: RegExp, by: (name: string) => string): unknown {
  if (typeof value === 'string') return value.replace(pattern, (_, name: string) => by(name));
  if (Array.isArray(value)) return value.map((item) => replaced(item, pattern, by));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, replaced(item, pattern, by)]));
}

function historyWith(text: (place: number) => string): readonly LedgerChange[] {
  const [id, reviewId] = [text(0), text(21)];
  const classification = {
    kind: 'classification',
    label: text(9),
    queue: text(10),
    alternatives: [],
  } as const;
  return [
    received(id, {
      conversationId: text(1),
      channel: text(2),
      customer: text(3),
      subject: text(4),
      text: text(5),
    }),
    step(id, 'classify', 'small', {
      call: call({ model: text(6) }),
      detail: detail('classify', { value: classification }),
    }),
    step(id, 'draft', 'small', {
      detail: detail('draft', {
        value: { kind: 'draft', text: text(7), macroId: null, missingFields: [text(8)] },
        failure: { code: 'unknown', detail: text(11) },
      }),
    }),
    decision(id, 'draft', 'small', { reasons: [text(12)], policyVersion: text(13) }),
    requested(id, {
      reviewId,
      conversationId: text(1),
      reasons: [text(14)],
      suggestion: text(15),
    }),
    decided(id, { reviewId, conversationId: text(1), reviewer: text(16) }),
    dead(id, { topic: text(17), detail: text(18), eventId: text(22), group: text(19) }),
    replay(id, { eventId: text(22), group: text(19) }),
    auditRequest(id, 'draft', { fingerprint: text(23), policyVersion: text(24) }),
    settled(id, { reply: text(20) }),
  ];
}
