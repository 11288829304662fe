import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '@spillway/sqlite/database';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openEmbeddedLedger } from '../embedded-ledger.js';
import { received, replay } from '../testing/ledger-history.js';
import { migrations } from './schema.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-schema-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('goes on with a file of the version before replays were counted', async () => {
  const path = join(folder, 'ledger.db');
  const before = openDatabase(path, { migrations: migrations.slice(0, 2), synchronous: 'normal' });
  before.exec(
    `INSERT INTO messages (seq, id, status, intent_tier) VALUES (1, 'm1', 2, -1);
     INSERT INTO dead_letters VALUES ('m1/message.received', 'router', 1, 'message.received', 'unknown', '', 1, 5)`,
  );
  before.close();
  const ledger = openEmbeddedLedger({ path });
  await ledger.apply([received('m1')]);
  expect(await ledger.message('m1')).toMatchObject({
    status: 'failed',
    deadLetters: [{ replays: 0, replayedAtMs: null }],
  });
  await ledger.apply([replay('m1')]);
  expect(await ledger.message('m1')).toMatchObject({ status: 'in_progress' });
  await ledger.close();
});
