import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openEmbeddedLedger } from './embedded-ledger.js';
import { ledgerContract } from './testing/ledger.contract.js';

const folder = mkdtempSync(join(tmpdir(), 'spillway-ledger-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

ledgerContract('embedded', async (place) => openEmbeddedLedger({ path: join(folder, place, 'ledger.db') }));
