import { createHash, timingSafeEqual } from 'node:crypto';
import { Fault, type Problem } from '@spillway/contracts/fault';
import { isLoopback } from './origin.js';

/** Who makes a request. */
export interface Caller {
  /** Name for people: the key's own, or `key-<place in the list>`; `local` where no keys are set. */
  readonly name: string;
  /** Tells callers apart for good, also when the list of keys is put in another order. Not a secret. */
  readonly identity: string;
}

export interface ApiKey extends Caller {
  readonly digest: Uint8Array;
}

/** The caller on a server without keys, which only loopback can reach. */
export const LOCAL: Caller = { name: 'local', identity: 'local' };

const written = /^(?:([A-Za-z][\w.-]{0,31}):)?(.+)$/;

/** What a caller sends of a key that is written `secret` or `name:secret`. */
export const secretOf = (key: string): string => written.exec(key)?.[2] ?? '';

const digestOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** Reads keys, each `secret` or `name:secret`. Empty ones are left out. */
export function readApiKeys(keys: readonly string[]): readonly ApiKey[] {
  return keys
    .map((key) => key.trim())
    .filter((key) => key !== '')
    .map((key, index) => {
      const [, name = `key-${index + 1}`, secret = ''] = written.exec(key) ?? [];
      const digest = digestOf(secret);
      return { name, digest, identity: createHash('sha256').update(digest).digest('base64url').slice(0, 22) };
    });
}

/**
 * Whose key an `Authorization: Bearer` header holds; undefined when it is nobody's. Takes the same time for every
 * wrong key: digests are compared, each of them, in constant time.
 */
export function callerOf(keys: readonly ApiKey[], authorization: string | undefined): Caller | undefined {
  const [, secret] = /^bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? '') ?? [];
  if (secret === undefined) return undefined;
  const digest = digestOf(secret);
  return keys.reduce<Caller | undefined>(
    (found, key) => (timingSafeEqual(key.digest, digest) ? key : found),
    undefined,
  );
}

interface Listening {
  readonly host: string;
  readonly apiKeys: readonly string[];
}

/** Why nothing may listen there: strangers could call a server that asks for no key. Undefined where it may. */
export function hostProblem({ host, apiKeys }: Listening): Problem | undefined {
  if (readApiKeys(apiKeys).length > 0 || isLoopback(host)) return undefined;
  const message = `without API keys only loopback may be listened on, not ${host}: set SPILLWAY_API_KEYS`;
  return { where: 'SPILLWAY_API_KEYS', message };
}

/** Throws `misconfigured` where {@link hostProblem} says why. */
export function checkHost(listening: Listening): void {
  const problem = hostProblem(listening);
  if (problem !== undefined) throw new Fault('misconfigured', problem.message, { problems: [problem] });
}
