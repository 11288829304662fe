import { createRequire } from 'node:module';
import type { Dispatcher, Agent as UndiciAgent } from 'undici';

// Two files of undici and what they need, a sixth of it: fetch, caches and sockets of the web would stay in the memory of
// every process that calls an endpoint.
const require = createRequire(import.meta.url);
const send = require('undici/lib/api/api-request') as (
  this: Dispatcher,
  options: Dispatcher.RequestOptions,
) => Promise<Dispatcher.ResponseData>;

/** Keeps connections to endpoints. */
export const Agent = require('undici/lib/dispatcher/agent') as typeof UndiciAgent;

/** What undici's own `request` does. */
export function request(
  url: string,
  dispatcher: Dispatcher,
  options: Omit<Dispatcher.RequestOptions, 'origin' | 'path'>,
): Promise<Dispatcher.ResponseData> {
  const { origin, pathname, search } = new URL(url);
  return send.call(dispatcher, { ...options, origin, path: `${pathname}${search}` });
}
