import { describe, expect, it } from 'vitest';
import { isLoopback, refusalOf, type Sender } from './origin.js';

it.each([
  ['localhost', true],
  ['127.0.0.1', true],
  ['127.8.9.10', true],
  ['::1', true],
  ['0.0.0.0', false],
  ['::', false],
  ['', false],
  ['10.0.0.1', false],
  ['localhost.example.com', false],
  ['127.0.0.1.example.com', false],
])('listening on %s is loopback: %s', (address, expected) => {
  expect(isLoopback(address)).toBe(expected);
});

const sent = (sender: Partial<Sender>): Sender => ({
  method: 'POST',
  host: 'localhost:4800',
  origin: undefined,
  site: undefined,
  ...sender,
});

describe('without keys', () => {
  it.each([
    ['localhost with a port', sent({}), true],
    ['an address with a port', sent({ host: '127.0.0.1:4800' }), true],
    ['IPv6', sent({ host: '[::1]:4800' }), true],
    ['a name that someone pointed at loopback', sent({ host: 'evil.example:4800' }), false],
    ['a name that begins like loopback', sent({ host: 'localhost.evil.example' }), false],
    ['the same, only reading', sent({ method: 'GET', host: 'evil.example' }), false],
    ['no host at all', sent({ host: undefined }), false],
  ])('%s', (_, sender, allowed) => {
    expect(refusalOf(sender, true) === undefined).toBe(allowed);
  });
});

describe('from a browser', () => {
  it.each([
    ['our own page', sent({ site: 'same-origin', origin: 'http://localhost:4800' }), true],
    ['typed by the user', sent({ site: 'none' }), true],
    ['another site', sent({ site: 'cross-site' }), false],
    ['another port of this machine', sent({ site: 'same-site' }), false],
    ['an old browser, our page', sent({ origin: 'http://localhost:4800' }), true],
    ['an old browser, another page', sent({ origin: 'https://evil.example' }), false],
    ['a sandboxed page', sent({ origin: 'null' }), false],
    ['another site, only reading', sent({ method: 'GET', site: 'cross-site' }), true],
  ])('%s', (_, sender, allowed) => {
    expect(refusalOf(sender, false) === undefined).toBe(allowed);
  });
});
