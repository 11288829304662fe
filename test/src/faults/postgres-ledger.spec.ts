import { Fault } from '@spillway/contracts/fault';
import type { Ledger } from '@spillway/store/ledger';
import type { LedgerChange } from '@spillway/store/ledger-change';
import { openPostgresLedger } from '@spillway/store/postgres-ledger';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres } from '../../servers/postgres.js';
import type { TestServer } from '../../servers/test-server.js';

const seconds = 1_000;
const KILLS = 4;

let server: TestServer;
beforeAll(async () => {
  server = await startPostgres();
}, 60 * seconds);
afterAll(() => server.stop());

const received = (messageId: string): LedgerChange => ({
  kind: 'received',
  messageId,
  conversationId: 'c',
  channel: 'email',
  customer: '',
  subject: '',
  text: 'Where is my order?',
  locale: 'en',
  customerFacing: null,
  traceId: '',
  receivedAtMs: 1_760_000_000_000,
});
const settled = (messageId: string): LedgerChange => ({
  kind: 'settled',
  messageId,
  outcome: 'replied',
  reply: 'On its way.',
  replyBy: 'small',
  settledAtMs: 1_760_000_000_500,
});

async function admin<T>(run: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(server.address);
  await client.connect();
  return run(client).finally(() => client.end());
}

/** Applies pairs of changes without end, as many at a time as a busy service, until told to stop. */
function writers(ledger: Ledger) {
  const stored = new Set<string>();
  const outages: Fault[] = [];
  let stopped = false;
  let next = 0;
  async function write(): Promise<void> {
    while (!stopped) {
      const id = `m${next++}`;
      try {
        await ledger.apply([received(id), settled(id)]);
        stored.add(id);
      } catch (error) {
        outages.push(Fault.from(error));
      }
    }
  }
  const running = Promise.all(Array.from({ length: 32 }, write));
  return {
    stored,
    outages,
    async stop(): Promise<void> {
      stopped = true;
      await running;
    },
  };
}

describe('a PostgreSQL that is killed while the ledger writes', () => {
  it('keeps all that was applied, halves none of it, and is found again', {
    timeout: 120 * seconds,
  }, async () => {
    const ledger = await openPostgresLedger({ url: server.address });
    const load = writers(ledger);
    for (let kill = 0; kill < KILLS; kill++) {
      const before = load.stored.size;
      await expect.poll(() => load.stored.size, { timeout: 30 * seconds }).toBeGreaterThan(before + 200);
      await server.kill();
      await expect.poll(() => load.outages.length).toBeGreaterThan(0);
      await expect(ledger.counts()).rejects.toThrow(expect.objectContaining({ code: 'unavailable' }));
      await server.start();
    }
    const before = load.stored.size;
    await expect.poll(() => load.stored.size, { timeout: 30 * seconds }).toBeGreaterThan(before + 200);
    await load.stop();
    expect(new Set(load.outages.map(({ code }) => code))).toEqual(new Set(['unavailable']));
    const { rows } = await admin((client) =>
      client.query(
        'SELECT id, status, message_id AS reply FROM spillway.messages m LEFT JOIN spillway.replies r ON r.message_id = m.id',
      ),
    );
    const kept = new Set(rows.map(({ id }) => id));
    expect([...load.stored].filter((id) => !kept.has(id))).toEqual([]);
    expect(rows.filter(({ status, reply }) => status !== 4 || reply === null)).toEqual([]);
    await ledger.close();
  });
});

describe('a server that asks who is there', () => {
  const SECRET = 'hunter2';
  beforeAll(() =>
    admin(async (client) => {
      await client.query(`CREATE ROLE guest LOGIN PASSWORD 'right'`);
      const { rows } = await client.query('SHOW hba_file');
      await client.query(
        `COPY (VALUES ('host all spillway 127.0.0.1/32 trust'), ('host all all 127.0.0.1/32 scram-sha-256'))
         TO '${rows[0].hba_file}'`,
      );
      await client.query('SELECT pg_reload_conf()');
    }),
  );

  const open = (user: string, password: string) => {
    const url = new URL(server.address);
    url.username = user;
    url.password = password;
    return openPostgresLedger({ url: url.href, schema: 'guests' });
  };
  const shown = (error: unknown): string =>
    error instanceof Error
      ? `${error.message} ${error.stack} ${JSON.stringify(error)} ${shown(error.cause)}`
      : '';

  it.each([
    ['a wrong password', SECRET, 'the password is wrong'],
    ['no right to make a schema', 'right', 'lacks a right'],
  ])('is told of %s what to mend, and no password', async (_, password, words) => {
    const fault = await open('guest', password).catch((error: unknown) => error as Fault);
    expect(fault).toMatchObject({ code: 'misconfigured', message: expect.stringContaining(words) });
    expect(shown(fault)).not.toContain(SECRET);
  });

  it('lets a user in who owns no more than the schema', async () => {
    await admin((client) => client.query('CREATE SCHEMA guests AUTHORIZATION guest'));
    const ledger = await open('guest', 'right');
    await ledger.apply([received('m1')]);
    expect(await ledger.message('m1')).toMatchObject({ status: 'received' });
    await ledger.close();
    await (await open('guest', 'right')).close();
  });
});
