import { type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter } from '@bufbuild/protobuf/wire';

/** What is used of the library's writer. */
interface Writer {
  buffer: Uint8Array;
  ensureCapacity(size: number): void;
}

/** Nearly every event fits in; what does not moves on to a buffer of its own, as ever. */
const shared = new Uint8Array(64 * 1024);
/** Whether the next writer that begins may have the shared buffer. */
let free = false;

/** Whether encoding shares a buffer: false when this library is another one than that was made for. */
export const sharesBuffer = patch(BinaryWriter.prototype as unknown as Partial<Writer>);

/**
 * The bytes of an event. The library's writer begins with 128 bytes and doubles them until the event fits, and can be
 * told neither a size nor a buffer: that was a third to a half of what encoding takes. Encoding is synchronous and
 * gives a copy, so one buffer is enough for all events.
 */
export function encode<S extends DescMessage>(schema: S, event: MessageShape<S>): Uint8Array {
  free = true;
  try {
    return toBinary(schema, event);
  } finally {
    free = false;
  }
}

function patch(writer: Partial<Writer>): boolean {
  const grow = writer.ensureCapacity;
  if (grow === undefined || !isAsExpected(writer)) return false;
  writer.ensureCapacity = function (this: Writer, size: number): void {
    if (free && this.buffer.length === 0) {
      free = false;
      this.buffer = shared;
    }
    grow.call(this, size);
  };
  return true;
}

/** It grows into a new buffer, and what it gives is a copy. */
function isAsExpected(writer: object): boolean {
  const { ensureCapacity, finish } = writer as Record<string, unknown>;
  return (
    String(ensureCapacity).includes('this.buffer = newBuf') &&
    String(finish).includes('const result = this.buffer.slice(0, this.pos)')
  );
}
