import { expect, it } from 'vitest';
import { callerOf, readApiKeys, secretOf } from './api-keys.js';

const keys = readApiKeys([' first-secret ', '', 'helpdesk:second-secret', 'odd:name:third']);

it.each([
  ['a key without a name is named by its place', 'Bearer first-secret', 'key-1'],
  ['a named key', 'Bearer second-secret', 'helpdesk'],
  ['only the first colon ends the name', 'Bearer name:third', 'odd'],
  ['the scheme in any case', 'bearer first-secret', 'key-1'],
  ['the name is no part of the secret', 'Bearer helpdesk:second-secret', undefined],
  ['a longer secret', 'Bearer first-secretx', undefined],
  ['the beginning of a secret', 'Bearer first', undefined],
  ['an empty secret', 'Bearer ', undefined],
  ['another scheme', 'Basic first-secret', undefined],
  ['no header', undefined, undefined],
])('%s', (_, authorization, name) => {
  expect(callerOf(keys, authorization)?.name).toBe(name);
});

it('knows a caller by the secret, wherever it stands in the list', () => {
  const [moved] = readApiKeys(['helpdesk:second-secret']);
  expect(moved?.identity).toBe(keys[1]?.identity);
  expect(new Set(keys.map((key) => key.identity)).size).toBe(3);
});

it.each([
  ['first-secret', 'first-secret'],
  ['helpdesk:second-secret', 'second-secret'],
  ['odd:name:third', 'name:third'],
  ['1st:secret', '1st:secret'],
])('of the key %s sends %s', (key, secret) => {
  expect(secretOf(key)).toBe(secret);
  expect(callerOf(readApiKeys([key]), `Bearer ${secretOf(key)}`)).toBeDefined();
});
