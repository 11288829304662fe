import { createRequire } from 'node:module';
import type { Socket } from 'node:net';

/** What is used of kafkajs's connection, which is used again after it broke. */
interface Connection {
  socket?: Socket;
  chunks: Buffer[];
  bytesBuffered: number;
  bytesNeeded: number;
  isConnected(): boolean;
  connect(): Promise<boolean>;
}

const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/connection') as {
  readonly prototype: Partial<Connection>;
};

/** Bytes that say how long an answer is. */
const LENGTH_BYTES = 4;

let mended: boolean | undefined;

/**
 * Lets the connections of kafkajs begin anew when they connect again. Left alone they put what a broken connection has
 * brought of an answer before the first answer of the next one, read what comes of it as lengths and ids, and the
 * process ends of it or waits for ever; and two who ask at once for a connection open two, one of which is forgotten.
 * False when this kafkajs is another one than the fix was made for; then nothing is changed.
 */
export function mendConnections(): boolean {
  mended ??= patch(prototype);
  return mended;
}

/** For `mendConnections`, on whatever prototype. */
export function patch(connection: Partial<Connection>): boolean {
  const connect = connection.connect;
  if (typeof connect !== 'function' || !isAsExpected(connection)) return false;
  const opening = new WeakMap<Connection, Promise<boolean>>();
  connection.connect = function (this: Connection): Promise<boolean> {
    if (this.isConnected()) return connect.call(this);
    const current = opening.get(this);
    if (current !== undefined) return current;
    forgetOldSocket(this);
    const next = connect.call(this).finally(() => opening.delete(this));
    opening.set(this, next);
    return next;
  };
  return true;
}

function forgetOldSocket(connection: Connection): void {
  connection.socket?.removeAllListeners('data');
  connection.chunks = [];
  connection.bytesBuffered = 0;
  connection.bytesNeeded = LENGTH_BYTES;
}

/** It gathers bytes in these three, and nowhere else. */
function isAsExpected(connection: object): boolean {
  const { connect, processData } = connection as Record<string, unknown>;
  return (
    String(connect).includes('this.socket = createSocket(') &&
    ['this.chunks.push(rawData)', 'this.bytesBuffered +=', 'this.bytesNeeded = Decoder.int32Size()'].every(
      (part) => String(processData).includes(part),
    )
  );
}
