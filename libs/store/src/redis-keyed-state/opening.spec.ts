import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openRedisKeyedState, type RedisKeyedStateOptions } from '../redis-keyed-state.js';
import { freePort, type OwnRedis, startOwnRedis } from '../testing/own-redis.js';
import { bytes } from '../testing/stage.js';

let redis: OwnRedis;

beforeAll(async () => {
  redis = await startOwnRedis();
});
afterAll(() => redis.remove());

const at = (credentials: string): string => redis.url.replace('//', `//${credentials}@`);

/** Opens and closes; what the logger was warned of. */
async function warnings(options: Partial<RedisKeyedStateOptions> = {}): Promise<readonly string[]> {
  const logger = { info: vi.fn(), warn: vi.fn() };
  const state = await openRedisKeyedState({ url: redis.url, logger, ...options });
  await state.close();
  return logger.warn.mock.calls.map(([, message]) => String(message));
}

const problem = async (url: string, prefix = 'spillway'): Promise<unknown> =>
  openRedisKeyedState({ url, prefix }).then(
    () => 'opened',
    (fault: unknown) => fault,
  );

describe('opening redis keyed state', () => {
  it.each([
    'not an address',
    'http://secret@127.0.0.1:6379',
    'redis://:secret@127.0.0.1:6379/zero',
    'redis://:secret%zz@127.0.0.1:6379',
    'redis://',
  ])('refuses the address %s, and does not show it', async (url) => {
    const fault = await problem(url);
    expect(fault).toMatchObject({ name: 'Fault', code: 'misconfigured', problems: [{ where: 'REDIS_URL' }] });
    expect(inspect(fault)).not.toContain('secret');
  });

  it('refuses a prefix that would name a slot', async () => {
    expect(await problem(redis.url, 'a{b}')).toMatchObject({ code: 'misconfigured' });
  });

  it('finds nobody at the address', async () => {
    const fault = await problem('redis://:secret@127.0.0.1:1');
    expect(fault).toMatchObject({ code: 'unavailable', message: expect.stringContaining('ECONNREFUSED') });
    expect(inspect(fault, { depth: 9 })).not.toContain('secret');
  });

  it('keeps databases and prefixes apart', async () => {
    const states = await Promise.all([
      openRedisKeyedState({ url: redis.url, prefix: 'one' }),
      openRedisKeyedState({ url: redis.url, prefix: 'two' }),
      openRedisKeyedState({ url: `${redis.url}/3`, prefix: 'one' }),
    ]);
    for (const [n, state] of states.entries()) {
      await state.write([{ kind: 'put', key: '{k}', value: bytes(`${n}`), expect: 0 }]);
      await state.write([{ kind: 'arm', key: '{k}', at: n, payload: bytes('') }]);
    }
    for (const [n, state] of states.entries()) {
      expect(Buffer.from((await state.get('{k}'))?.value ?? []).toString()).toBe(`${n}`);
      expect((await state.due(10, 10)).map((alarm) => alarm.at)).toEqual([n]);
      await state.close();
    }
  });

  describe('with passwords', () => {
    beforeAll(async () => {
      await redis.ask('ACL', 'SETUSER', 'worker', 'on', '>se cret/1', '~{mine:*', '+@all');
      await redis.ask('ACL', 'SETUSER', 'reader', 'on', '>secret', '~*', '+@read', '+@connection', '+info');
      await redis.ask(
        'ACL',
        'SETUSER',
        'modest',
        'on',
        '>secret',
        '~{mine:*',
        '+@read',
        '+@write',
        '+@connection',
        '+eval',
        '+evalsha',
        '+time',
      );
    });

    it.each([
      ['a wrong password', 'worker:secret', 'mine', 'password'],
      ['an unknown user', 'nobody:secret', 'mine', 'password'],
      ['a user who may not write', 'reader:secret', 'mine', 'let the user run'],
      ['a user of other keys', 'worker:se%20cret%2F1', 'theirs', 'let the user run'],
    ])('refuses %s with the fix, and does not show the password', async (_, credentials, prefix, fix) => {
      const fault = await problem(at(credentials), prefix);
      expect(fault).toMatchObject({ code: 'misconfigured', message: expect.stringContaining(fix) });
      expect(inspect(fault, { depth: 9 })).not.toMatch(/secret|se%20cret|se cret/);
    });

    it('works for a user of these keys alone', async () => {
      expect(await warnings({ url: at('worker:se%20cret%2F1'), prefix: 'mine' })).toHaveLength(1);
    });

    it('works for a user who may not look at the settings, and says what it could not check', async () => {
      const silent = vi.spyOn(console, 'warn').mockReturnValue();
      const found = await warnings({ url: at('modest:secret'), prefix: 'mine' });
      expect(found).toEqual([
        expect.stringContaining('could not be checked'),
        expect.stringContaining('could not be checked'),
      ]);
      silent.mockRestore();
      await expect(
        openRedisKeyedState({ url: at('worker:se%20cret%2F1'), prefix: 'mine', requireFsync: true }),
      ).rejects.toMatchObject({ code: 'misconfigured' });
    });
  });

  it.each<[string, readonly (readonly [string, string])[], readonly string[]]>([
    ['a server that flushes every second', [], ['last two seconds']],
    ['a server that flushes always', [['appendfsync', 'always']], []],
    ['a server that never flushes', [['appendfsync', 'no']], ['half a minute']],
    ['a server that keeps nothing', [['appendonly', 'no']], ['when it restarts']],
    [
      'a server that evicts',
      [
        ['appendfsync', 'always'],
        ['maxmemory-policy', 'volatile-lru'],
      ],
      ['volatile-lru'],
    ],
  ])('says what is lost by %s', async (_, settings, expected) => {
    const usual = [
      ['appendonly', 'yes'],
      ['appendfsync', 'everysec'],
      ['maxmemory-policy', 'noeviction'],
    ] as const;
    for (const [name, value] of settings) await redis.ask('CONFIG', 'SET', name, value);
    try {
      expect(await warnings()).toEqual(expected.map((text) => expect.stringContaining(text)));
      const strict = warnings({ requireFsync: true });
      if (settings.some(([, value]) => value === 'always')) await strict;
      else await expect(strict).rejects.toMatchObject({ code: 'misconfigured' });
    } finally {
      for (const [name, value] of usual) await redis.ask('CONFIG', 'SET', name, value);
    }
  });

  it('speaks TLS to a server that it can trust, and to no other', async () => {
    const [key, cert] = [join(redis.folder, 'key.pem'), join(redis.folder, 'cert.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject],
      { stdio: 'ignore' },
    );
    const secure = await startOwnRedis(
      '--tls-cert-file',
      cert,
      '--tls-key-file',
      key,
      '--tls-auth-clients',
      'no',
    );
    const port = await freePort();
    const url = `rediss://127.0.0.1:${port}`;
    const authorities = getCACertificates('default');
    try {
      await secure.ask('CONFIG', 'SET', 'tls-port', `${port}`);
      expect(await problem(url)).toMatchObject({
        code: 'misconfigured',
        message: expect.stringContaining('SELF_SIGNED'),
      });
      expect(await problem(`rediss://127.0.0.1:${secure.port}`)).toMatchObject({
        message: expect.stringMatching(/TLS|reached/),
      });
      setDefaultCACertificates([...authorities, readFileSync(cert, 'utf8')]);
      const state = await openRedisKeyedState({ url });
      expect((await state.write([{ kind: 'put', key: '{k}', value: bytes('x') }])).length).toBe(1);
      await state.close();
    } finally {
      setDefaultCACertificates(authorities);
      await secure.remove();
    }
  });
});
