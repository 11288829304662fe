import { createReadStream } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Fault } from '@spillway/contracts/fault';

/** How every gzip file begins (RFC 1952, 2.3.1). */
const GZIP = Buffer.from([0x1f, 0x8b]);

/** A file that is being read. */
export interface OpenedFile {
  /** Its content, unzipped where it is gzip. Whoever stops early closes the file. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Bytes read so far as they lie on the disk: of a zipped file fewer than come out of it. */
  readonly bytesRead: () => number;
}

export interface ReadingOptions {
  /** Bytes read at once. */
  readonly chunkBytes?: number;
  readonly signal?: AbortSignal;
}

/**
 * Opens a file, and tells gzip by how it begins: names are given by people.
 *
 * @throws Fault `missing` when it cannot be read, as its bytes do later with `malformed`; `cancelled` by the signal
 */
export async function openFile(path: string, options: ReadingOptions = {}): Promise<OpenedFile> {
  const { chunkBytes = 65_536, signal } = options;
  const file = createReadStream(path, {
    highWaterMark: chunkBytes,
    ...(signal === undefined ? {} : { signal }),
  });
  const chunks: AsyncIterator<Buffer> = file[Symbol.asyncIterator]();
  const head = await headOf(chunks).catch((cause: unknown) => {
    throw faultOf(cause, new Fault('missing', `${path} cannot be read`, { cause }));
  });
  const zipped = head.subarray(0, GZIP.length).equals(GZIP);
  const content = contentOf(head, chunks);
  const broken = `${path} cannot be read as ${zipped ? 'gzip' : 'text'}`;
  return {
    bytes: withFault(zipped ? unzipped(content, chunkBytes) : content, broken),
    bytesRead: () => file.bytesRead,
  };
}

/** The lines of a file as {@link openFile} opens it, and throws. The last one has no end. */
export async function* fileLines(path: string): AsyncGenerator<string> {
  const { bytes } = await openFile(path);
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of bytes) {
    // A text may hold the other signs that some readers take for the end of a line.
    const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  yield `${rest}${decoder.decode()}`;
}

/** A pipe may give one byte at first. */
async function headOf(chunks: AsyncIterator<Buffer>): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < GZIP.length) {
    const next = await chunks.next();
    if (next.done) break;
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
  }
  return head;
}

async function* contentOf(head: Buffer, chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (head.length > 0) yield head;
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
  } finally {
    await chunks.return?.();
  }
}

/** A failure of either end ends both, and is thrown to the reader. */
const unzipped = (content: AsyncGenerator<Buffer>, chunkSize: number): AsyncIterable<Uint8Array> =>
  pipeline(Readable.from(content), createGunzip({ chunkSize }), () => undefined);

async function* withFault(bytes: AsyncIterable<Uint8Array>, broken: string): AsyncGenerator<Uint8Array> {
  const source = bytes[Symbol.asyncIterator]();
  const next = () =>
    source.next().catch((cause: unknown) => {
      throw faultOf(cause, new Fault('malformed', broken, { cause }));
    });
  try {
    for (let read = await next(); !read.done; read = await next()) yield read.value;
  } finally {
    await source.return?.();
  }
}

const faultOf = (cause: unknown, otherwise: Fault): Fault => {
  const fault = Fault.from(cause);
  return fault.code === 'cancelled' ? fault : otherwise;
};
