import { Fault } from '@spillway/contracts/fault';
import { describe, expect, it } from 'vitest';
import { readConfig } from './cli.config.js';

function problems(environment: Record<string, string>, listens = false): readonly string[] {
  try {
    readConfig(environment, { listens });
  } catch (error) {
    return Fault.from(error).problems.map(({ where, message }) => `${where}: ${message}`);
  }
  return [];
}

describe('the environment', () => {
  it('needs nothing: embedded, on loopback, with the example pack', () => {
    expect(readConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: undefined,
      apiPort: 4800,
      apiKeys: [],
      endpoints: {},
    });
    expect(readConfig({}).pack).toMatch(/deploy\/packs\/support$/);
  });

  it('takes an empty variable for one that is not set', () => {
    expect(readConfig({ SPILLWAY_PORT: '', SPILLWAY_API_KEYS: '', KAFKA_BROKERS: '' })).toMatchObject({
      apiPort: 4800,
      apiKeys: [],
    });
  });

  it.each([
    [undefined, undefined],
    ['', undefined],
    ['5', [5_000]],
    ['1, 60,86400', [1_000, 60_000, 86_400_000]],
  ])('reads how long a failed event waits: %s', (text, delays) => {
    const environment = text === undefined ? {} : { SPILLWAY_RETRY_SECONDS: text };
    expect(readConfig(environment).retryDelaysMs).toEqual(delays);
  });

  it.each(['0', '1,', '1;2', '1.5', '-1', 'soon'])('takes no wait of %s', (text) => {
    expect(problems({ SPILLWAY_RETRY_SECONDS: text })).toHaveLength(1);
  });

  it('reads endpoints for a tier', () => {
    const config = readConfig({ BIG_BASE_URL: 'https://models.test/v1', BIG_MODEL: 'big', BIG_API_KEY: 'k' });
    expect(config.endpoints).toEqual({
      big: { baseUrl: 'https://models.test/v1', model: 'big', apiKey: 'k' },
    });
  });

  it('takes an address or a model alone', () => {
    expect(readConfig({ SMALL_MODEL: 'tiny' }).endpoints).toEqual({
      small: { baseUrl: undefined, model: 'tiny', apiKey: undefined },
    });
    expect(readConfig({ SMALL_API_KEY: 'only a key' }).endpoints).toEqual({});
  });

  it.each([
    ['a secret of enough characters', 'sixteen-or-more-characters', true],
    ['one with a name', 'helpdesk:sixteen-or-more-characters', true],
    ['one with colons in it', 'desk:sixteen:or:more:characters', true],
    ['a name that is long where the secret is short', 'a-team-with-a-long-name:x', false],
    ['one that no header can hold', 'sixteen or more characters', false],
  ])('takes API keys with secrets that can be sent and not be guessed: %s', (_, key, good) => {
    expect(problems({ SPILLWAY_API_KEYS: key })).toHaveLength(good ? 0 : 1);
  });

  const OPEN =
    'SPILLWAY_API_KEYS: without API keys only loopback may be listened on, not 0.0.0.0: set SPILLWAY_API_KEYS';
  const PORT = 'SPILLWAY_PORT: must be a port, 0 to 65535';
  const KEYS = 'SPILLWAY_API_KEYS: every secret needs 16 visible ASCII characters or more';
  it.each<[string, Record<string, string>, readonly string[]]>([
    ['an address open to strangers', {}, [OPEN]],
    ['the same beside another fault', { SPILLWAY_PORT: 'x' }, [PORT, OPEN]],
    ['keys that are no good', { SPILLWAY_PORT: 'x', SPILLWAY_API_KEYS: 'short' }, [PORT, KEYS]],
    ['good keys', { SPILLWAY_API_KEYS: 'sixteen-or-more-characters' }, []],
    ['loopback', { SPILLWAY_HOST: '127.0.0.2' }, []],
  ])('of a command that listens tells of %s', (_, environment, wanted) => {
    expect(problems({ SPILLWAY_HOST: '0.0.0.0', ...environment }, true)).toEqual(wanted);
  });

  it('may have an open address without keys where nothing listens', () => {
    expect(problems({ SPILLWAY_HOST: '0.0.0.0' })).toEqual([]);
  });

  it('names everything that is wrong at once, and no secret', () => {
    const found = problems({
      SPILLWAY_PORT: '99999',
      SPILLWAY_API_KEYS: 'short-secret',
      SMALL_BASE_URL: 'ftp://x',
      SPILLWAY_RETRY_SECONDS: '10,,86401',
      KAFKA_BROKERS: 'kafka-1',
      SPILLWAY_KAFKA_PARTITIONS: '0',
      REDIS_URL: 'http://:a-password@redis',
      DATABASE_URL: 'mysql://ledger',
    });
    expect(found).toEqual([
      'SPILLWAY_PORT: must be a port, 0 to 65535',
      'SPILLWAY_API_KEYS: every secret needs 16 visible ASCII characters or more',
      'SPILLWAY_RETRY_SECONDS: must be whole seconds, 1 to 86400, like 10,60,600',
      'SMALL_BASE_URL: must be an http or https address',
      'KAFKA_BROKERS: must be addresses like kafka-1:9092,kafka-2:9092',
      'SPILLWAY_KAFKA_PARTITIONS: must be a whole number, 1 or more',
      'REDIS_URL: must begin with redis:// or rediss://',
      'DATABASE_URL: must begin with postgres:// or postgresql://',
    ]);
    expect(found.join()).not.toMatch(/short-secret|a-password/);
  });
});
