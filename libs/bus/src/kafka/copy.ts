/** Bytes of a block, which stays in memory as long as one of the copies in it. */
export const BLOCK_BYTES = 8 * 1024;
/** Larger copies have memory of their own. */
const LARGEST = BLOCK_BYTES / 4;

let block = Buffer.alloc(0);
let used = 0;

/**
 * A copy of these bytes: what lies in the answer of a fetch keeps the whole answer in memory, megabytes for hours where
 * a record waits. Where it may share memory, small ones lie in blocks: memory of its own takes several times as long as
 * all else that is done for a record. Whoever holds one copy of each block holds `BLOCK_BYTES` for each.
 */
export function copyOf(buffer: Buffer, from: number, to: number, mayShare: boolean): Uint8Array {
  const length = to - from;
  if (!mayShare || length > LARGEST) return new Uint8Array(buffer.subarray(from, to));
  if (used + length > block.length) {
    block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    used = 0;
  }
  buffer.copy(block, used, from, to);
  used += length;
  return new Uint8Array(block.buffer, used - length, length);
}
