import { Client } from 'pg';
import { describe, expect, inject, it } from 'vitest';
import type { Ledger } from '../ledger.js';
import { openPostgresLedger } from '../postgres-ledger.js';
import { audit, auditRequest, decision, received, requested, step } from '../testing/ledger-history.js';
import { postgresSchemas } from '../testing/postgres-schemas.js';

const url = inject('databaseUrl');
const schemas = postgresSchemas(url);

async function inSchema(run: (ledger: Ledger, schema: string) => Promise<void>): Promise<void> {
  const schema = schemas.fresh();
  const ledger = await openPostgresLedger({ url, schema });
  await run(ledger, schema).finally(ledger.close);
}

async function rowsRead(client: Client): Promise<number> {
  const { rows } = await client.query<{ read: string }>(
    'SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) AS read FROM pg_stat_xact_user_tables',
  );
  return Number(rows[0]?.read);
}

describe('where a message stands', () => {
  it('is written once for all that a batch tells of it', async () => {
    await inSchema(async (ledger, schema) => {
      await ledger.apply([received('m1'), step('m1', 'classify'), requested('m1')]);
      expect(await schemas.query(schema, 'SELECT ctid, status FROM messages')).toEqual([
        { ctid: '(0,1)', status: 3 },
      ]);
    });
  });

  it('is not written for a decision, which says nothing of it', async () => {
    await inSchema(async (ledger, schema) => {
      await ledger.apply([decision('m1', 'classify')]);
      expect(await schemas.query(schema, 'SELECT id FROM messages')).toEqual([]);
      await ledger.apply([received('m1')]);
      expect(await ledger.message('m1')).toMatchObject({ status: 'received', decisions: [{}] });
    });
  });

  it.each([
    ['a message stands', `restate_messages(0, ARRAY['m7'])`],
    [
      'a request is answered',
      `apply_requests(0, null, null, '[{"message_id": "m7", "step": 3, "kind": 0}]')`,
    ],
    [
      'an audit came before its request',
      `apply_requests(0, '[{"message_id": "m301", "step": 3, "rate": 1, "fingerprint": "", "policy_version": "",
         "requested_at_ms": 1}]', null, null)`,
    ],
  ])(
    'reads no more of its month than it must to tell where %s, by plans of a young month',
    async (_, call) => {
      await inSchema(async (ledger, schema) => {
        const client = new Client(url);
        await client.connect();
        await client.query(`SET search_path TO ${schema}`);
        const ids = Array.from({ length: 300 }, (_, n) => `m${n}`);
        const history = (id: string) => [
          received(id),
          step(id, 'draft'),
          requested(id),
          auditRequest(id, 'draft'),
        ];
        await ledger.apply([...history('m7'), audit('m7', 'draft')]);
        await client.query('ANALYZE messages, reviews, audits, audit_requests');
        // As often as it takes the server to settle on one plan for all.
        for (let n = 0; n < 8; n++) await client.query(`SELECT ${call}`);
        await ledger.apply(ids.flatMap((id) => [...history(id), audit(id, 'draft')]));
        await client.query('BEGIN');
        const before = await rowsRead(client);
        await client.query(`SELECT ${call}`);
        const read = (await rowsRead(client)) - before;
        await client.query('COMMIT');
        await client.end();
        expect(read).toBeLessThan(10);
      });
    },
  );
});
