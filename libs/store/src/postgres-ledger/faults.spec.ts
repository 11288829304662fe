import { Fault } from '@spillway/contracts/fault';
import { describe, expect, inject, it } from 'vitest';
import { openPostgresLedger } from '../postgres-ledger.js';
import { faultOf } from '../testing/ledger-stage.js';
import { postgresSchemas } from '../testing/postgres-schemas.js';
import { openingFault, workFault } from './faults.js';

const url = inject('databaseUrl');
const schemas = postgresSchemas(url);
const SECRET = 'hunter2';

function changed(change: (url: URL) => void): string {
  const copy = new URL(url);
  copy.password = SECRET;
  change(copy);
  return copy.href;
}

/** All that a log could show of an error. */
const shown = (error: unknown): string =>
  error instanceof Error
    ? [error.message, error.stack, JSON.stringify(error), shown(error.cause)].join('\n')
    : JSON.stringify(error ?? null);

const refusal = async (options: { readonly url: string; readonly schema?: string }): Promise<Fault> => {
  const outcome = await openPostgresLedger({ schema: schemas.fresh(), ...options }).catch(
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(Fault);
  return outcome as Fault;
};

describe('opening', () => {
  it.each<[string, string, string, string]>([
    [
      'a database that does not exist',
      changed((to) => (to.pathname = '/no_such')),
      'misconfigured',
      'create it',
    ],
    [
      'a user who does not exist',
      changed((to) => (to.username = 'no_such_user')),
      'misconfigured',
      'the user',
    ],
    [
      'a server without TLS where it is asked for',
      changed((to) => to.searchParams.set('sslmode', 'verify-full')),
      'misconfigured',
      'sslmode',
    ],
    ['a port where nobody listens', changed((to) => (to.port = '1')), 'unavailable', '127.0.0.1:1/'],
    ['another kind of URL', `mysql://u:${SECRET}@h/d`, 'misconfigured', 'postgres://'],
    ['no URL', `postgres://u:${SECRET}@:99999/d`, 'misconfigured', 'postgres://'],
  ])('%s says what to mend, and no secret', async (_, to, code, words) => {
    const fault = await refusal({ url: to });
    expect(fault).toEqual(faultOf(code));
    expect(fault.message).toContain(words);
    expect(shown(fault)).not.toContain(SECRET);
  });

  it.each(['', 'Upper', 'a"b', 'a;b', 'x'.repeat(64)])('refuses the schema name %j', async (schema) => {
    expect(await refusal({ url, schema })).toEqual(faultOf('misconfigured'));
  });
});

const answered = (code: string) => Object.assign(new Error('quotes the data'), { severity: 'ERROR', code });

describe('a fault', () => {
  it.each([
    ['a wrong password', answered('28P01'), 'misconfigured'],
    ['a user who may not log in', answered('28000'), 'misconfigured'],
    ['a missing database', answered('3D000'), 'misconfigured'],
    ['a missing right', answered('42501'), 'misconfigured'],
    ['a server that is starting', answered('57P03'), 'unavailable'],
    ['too many connections', answered('53300'), 'unavailable'],
    ['no server', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), 'unavailable'],
    ['a certificate of its own', new Error('self-signed certificate'), 'misconfigured'],
  ])('at the opening: %s', (_, error, code) => {
    expect(openingFault(error, 'h:5432/d')).toEqual(faultOf(code));
  });

  it.each([
    ['a number out of range', answered('22003'), 'rejected'],
    ['a missing value', answered('23502'), 'rejected'],
    ['a month that has no partition', answered('23514'), 'unavailable'],
    ['a statement that took too long', answered('57014'), 'unavailable'],
    ['a server that is going down', answered('57P01'), 'unavailable'],
    ['a full disk', answered('53100'), 'unavailable'],
    ['a server that became a standby', answered('25006'), 'unavailable'],
    ['a lost right', answered('42501'), 'unavailable'],
    ['deadlocks without end', answered('40P01'), 'unavailable'],
    ['a lost connection', new Error('Connection terminated unexpectedly'), 'unavailable'],
  ])('at work: %s', (_, error, code) => {
    expect(workFault(error)).toEqual(faultOf(code));
  });

  it('that lies in the data does not carry it', () => {
    expect(shown(workFault(answered('22003')))).not.toContain('quotes the data');
  });
});
