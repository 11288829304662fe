import { inject } from 'vitest';
import { ledgerContract } from './testing/ledger.contract.js';
import { postgresSchemas } from './testing/postgres-schemas.js';

ledgerContract('postgres', postgresSchemas(inject('databaseUrl')).openPlace);
