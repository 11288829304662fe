import { Fault } from '@spillway/contracts/fault';

/** The five characters by which PostgreSQL says what happened; undefined for what was not its word. */
export const sqlStateOf = (error: unknown): string | undefined => {
  const { code, severity } = (error ?? {}) as { readonly code?: unknown; readonly severity?: unknown };
  return severity !== undefined && typeof code === 'string' ? code : undefined;
};

/** By SQLSTATE, or its class: what an operator must mend before the ledger can be opened. */
const remedies: Readonly<Record<string, string>> = {
  '28P01': 'the password is wrong: correct it in the URL',
  '28': 'the user may not log in: correct the user and the password in the URL, or pg_hba.conf',
  '3D': 'the database does not exist: create it, or correct its name in the URL',
  '42501': 'the user lacks a right: make it the owner of the schema, or grant CREATE on the database',
  '0A': 'the server is too old: PostgreSQL 14 or newer is needed',
};

/**
 * Why the ledger could not be opened: `misconfigured`, with what to mend, where waiting does not help; `unavailable`
 * where it may. `place` names the server and must hold no secret.
 */
export function openingFault(error: unknown, place: string): Fault {
  if (error instanceof Fault) return error;
  const state = sqlStateOf(error);
  const remedy = remedies[state ?? ''] ?? remedies[state?.slice(0, 2) ?? ''] ?? tlsRemedy(error);
  if (remedy === undefined)
    return new Fault('unavailable', `PostgreSQL at ${place} cannot be reached`, { cause: error });
  return new Fault('misconfigured', `PostgreSQL at ${place} cannot be used: ${remedy}`, {
    cause: error,
    problems: [{ where: place, message: remedy }],
  });
}

const tlsErrors = /does not support SSL|certificate|self-signed|altnames/i;

function tlsRemedy(error: unknown): string | undefined {
  return error instanceof Error && tlsErrors.test(error.message)
    ? 'TLS failed: correct sslmode and sslrootcert in the URL, or the certificate of the server'
    : undefined;
}

/** Classes of SQLSTATE that lie in the data: no later try can go better. */
const inTheData = new Set(['21', '22', '23']);
/** Of those, what a later try can mend: a row whose month has no partition. */
export const NO_PARTITION = '23514';

/**
 * Why work on an open ledger failed. Everything but changes that PostgreSQL cannot hold is an outage: the ledger was
 * opened well, so that a lost right or a new password is mended by an operator while changes wait.
 */
export function workFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const state = sqlStateOf(error);
  if (state !== undefined && state !== NO_PARTITION && inTheData.has(state.slice(0, 2))) {
    // Without the cause, which quotes the data.
    return new Fault('rejected', `PostgreSQL cannot hold what was to be stored (SQLSTATE ${state})`);
  }
  return new Fault('unavailable', 'PostgreSQL did not answer the ledger', { cause: error });
}
