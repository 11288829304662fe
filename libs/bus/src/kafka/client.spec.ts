import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { configureLogs, createLogger, type LogLevel } from '@spillway/telemetry/logger';
import { describe, expect, it } from 'vitest';
import { closeConnections, kafkaClient } from './client.js';

/** What the client logs of this, as lines. */
function lines(level: LogLevel, write: (client: ReturnType<typeof kafkaClient>) => void) {
  const written: string[] = [];
  configureLogs({ level, destination: { write: (line) => written.push(line) } });
  write(kafkaClient({ brokers: ['127.0.0.1:1'], clientId: 'test', logger: createLogger('bus') }));
  return written.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the log of the client', () => {
  it('says what happened where', () => {
    const [line] = lines('info', (client) =>
      client
        .logger()
        .namespace('Producer')
        .error('Connection error', { broker: '127.0.0.1:1', retryCount: 2 }),
    );
    expect(line).toMatchObject({
      level: 'warn',
      msg: 'kafkajs: Connection error',
      part: 'Producer',
      broker: '127.0.0.1:1',
      retryCount: 2,
    });
  });

  it('has nothing of what was sent, and no stack', () => {
    const payload = Buffer.from('customer');
    const [line] = lines('debug', (client) =>
      client.logger().error('failed', { payload, key: 'customer', stack: 'customer', error: 'customer' }),
    );
    expect(JSON.stringify(line)).not.toMatch(/customer|payload/);
  });

  it('has the talk of connections where somebody looks for it', () => {
    const talk = (client: ReturnType<typeof kafkaClient>) =>
      client.logger().namespace('Connection').error('e');
    expect(lines('debug', talk)).toMatchObject([{ level: 'debug' }]);
    expect(lines('info', talk)).toEqual([]);
  });

  it('is not long', () => {
    const [line] = lines('info', (client) => client.logger().error('x'.repeat(10_000)));
    expect(String(line?.['msg']).length).toBeLessThan(400);
  });

  it.each<[LogLevel, readonly string[]]>([
    ['debug', ['warn', 'warn', 'debug']],
    ['info', ['warn', 'warn']],
    ['error', []],
  ])('at level %s has %s', (level, expected) => {
    const found = lines(level, (client) => {
      client.logger().error('e');
      client.logger().warn('w');
      client.logger().info('i');
      client.logger().debug('d');
    });
    expect(found.map((line) => line['level'])).toEqual(expected);
  });
});

describe('a client that is closed', () => {
  it('has no connection left, not even one that its user has lost sight of', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const logger = createLogger('bus');
    const client = kafkaClient({ brokers: [`127.0.0.1:${port}`], clientId: 'test', logger });
    const admin = client.admin();
    // It will try again for a while.
    admin.connect().catch(() => undefined);
    const [connection] = (await once(silent, 'connection')) as [Socket];
    const closed = once(connection.resume(), 'close');
    closeConnections(client);
    await closed;
    silent.close();
    await admin.disconnect();
  });
});
