import { once } from 'node:events';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mendConnections, patch } from './connection.js';

interface Connection {
  connect(): Promise<boolean>;
  disconnect(): Promise<boolean>;
  send(call: object): Promise<string>;
}

const load = createRequire(import.meta.url);
const Connection = load('kafkajs/src/network/connection') as new (options: object) => Connection;
const Encoder = load('kafkajs/src/protocol/encoder') as new () => { readonly buffer: Buffer };

const log = () => undefined;
const socketFactory = load('kafkajs/src/network/socketFactory') as () => object;
const logger = { namespace: () => logger, debug: log, error: log, warn: log, info: log };

const question = {
  request: { apiKey: 18, apiVersion: 0, apiName: 'ApiVersions', encode: async () => new Encoder() },
  response: { decode: async (payload: Buffer) => payload.toString(), parse: async (text: string) => text },
};

/** The answer to the request of this number, as it goes over the wire. */
function answer(correlationId: number, text: string): Buffer {
  const bytes = Buffer.alloc(8 + Buffer.byteLength(text));
  bytes.writeInt32BE(bytes.length - 4);
  bytes.writeInt32BE(correlationId, 4);
  bytes.write(text, 8);
  return bytes;
}

describe('a connection of kafkajs', () => {
  let server: Server;
  let connection: Connection;
  const accepted = async (): Promise<Socket> => (await once(server, 'connection'))[0];

  beforeEach(async () => {
    mendConnections();
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    connection = new Connection({
      host: '127.0.0.1',
      port,
      logger,
      socketFactory: socketFactory(),
      connectionTimeout: 1_000,
      requestTimeout: 2_000,
    });
  });
  afterEach(async () => {
    await connection.disconnect();
    server.close();
  });

  it('is the one that the fix is for', () => expect(mendConnections()).toBe(true));

  it('reads nothing of an answer that broke off, once it is connected again', async () => {
    const [first] = await Promise.all([accepted(), connection.connect()]);
    const broken = expect(connection.send(question)).rejects.toThrow('Closed connection');
    await once(first, 'data');
    first.end(answer(0, 'the beginning of a long answer').subarray(0, 13));
    await broken;
    const [second] = await Promise.all([accepted(), connection.connect()]);
    const sent = connection.send(question);
    await once(second, 'data');
    second.write(answer(1, 'whole'));
    expect(await sent).toContain('whole');
    second.destroy();
  });

  it('is opened once by two who ask for it at once', async () => {
    const sockets: Socket[] = [];
    server.on('connection', (socket) => sockets.push(socket));
    await Promise.all([connection.connect(), connection.connect(), accepted()]);
    const sent = connection.send(question);
    await once(sockets[0] as Socket, 'data');
    sockets[0]?.write(answer(0, 'here'));
    await sent;
    expect(sockets).toHaveLength(1);
    sockets[0]?.destroy();
  });

  it('can be opened again after it could not', async () => {
    const port = (server.address() as AddressInfo).port;
    server.close();
    await expect(connection.connect()).rejects.toThrow('ECONNREFUSED');
    server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    const [socket] = await Promise.all([accepted(), connection.connect()]);
    socket.destroy();
  });

  it.each([
    ['has no such method', {}],
    ['does something else there', { connect: async () => true, processData: () => undefined }],
  ])('is left alone when it %s', (_, other: object) => {
    const before = { ...other };
    expect(patch(other)).toBe(false);
    expect(other).toEqual(before);
  });
});
