import { connect, type Socket } from 'node:net';
import type { ISocketFactory } from 'kafkajs';

const PRODUCE = 0;

/**
 * Connections that break at the worst moment: the broker has written what it was asked to, and the client never hears
 * of it. `isLost` is asked at every answer to a request to write.
 */
export const breakingSockets =
  (isLost: () => boolean): ISocketFactory =>
  ({ host, port, onConnect }) => {
    const socket: Socket = connect({ host, port }, onConnect);
    let isWriting = false;
    const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
    const emit = socket.emit.bind(socket) as (...args: unknown[]) => boolean;
    socket.write = (request: Uint8Array | string, ...rest: unknown[]) => {
      isWriting = Buffer.isBuffer(request) && request.readInt16BE(4) === PRODUCE;
      return write(request, ...rest);
    };
    socket.emit = (event: string, ...args: unknown[]) => {
      if (event === 'data' && isWriting && isLost()) {
        socket.destroy(new Error('the connection was reset'));
        return true;
      }
      return emit(event, ...args);
    };
    return socket;
  };
