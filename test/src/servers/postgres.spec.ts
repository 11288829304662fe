import pg from 'pg';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startPostgres } from '../../servers/postgres.js';
import type { TestServer } from '../../servers/test-server.js';
import { processesOf } from './processes.js';

let server: TestServer;
let broken: Promise<unknown>;
beforeEach(async () => {
  server = await startPostgres();
  const client = new pg.Client(server.address);
  client.on('error', () => {});
  await client.connect();
  // It computes, and so does not notice by itself that its server is gone.
  broken = expect(client.query('select sum(n) from generate_series(1, 1e9) n')).rejects.toThrow();
  const observer = new pg.Client(server.address);
  await observer.connect();
  await vi.waitFor(async () => {
    const { rows } = await observer.query("select from pg_stat_activity where query ~ '^select sum'");
    expect(rows).toHaveLength(1);
  });
  await observer.end();
});
afterEach(() => server.stop());

it('ends a query that still runs when it is stopped', async () => {
  await server.stop();
  await broken;
  expect(processesOf(server.folder)).toEqual([]);
});

it('ends a query that still runs when it is killed, and starts again at once', async () => {
  await server.kill();
  await broken;
  await vi.waitFor(() => expect(processesOf(`${server.folder}/data`)).toEqual([]), 2_000);
  await server.start();
});
