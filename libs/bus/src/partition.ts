/**
 * The partition of a key: Kafka's own choice (murmur2 over the UTF-8 bytes, sign bit cleared), so that every driver,
 * and every other Kafka client, puts a conversation in the same place.
 */
export function partitionOf(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions;
}

const SEED = 0x9747b28c;
const M = 0x5bd1e995;

/** The 32-bit hash that Kafka's default partitioner uses. */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes;
  const whole = length & ~3;
  const at = (index: number): number => bytes[index] as number;
  let h = SEED ^ length;
  for (let i = 0; i < whole; i += 4) {
    let k = at(i) | (at(i + 1) << 8) | (at(i + 2) << 16) | (at(i + 3) << 24);
    k = Math.imul(k, M);
    k ^= k >>> 24;
    h = Math.imul(h, M) ^ Math.imul(k, M);
  }
  const rest = length & 3;
  if (rest === 3) h ^= at(whole + 2) << 16;
  if (rest >= 2) h ^= at(whole + 1) << 8;
  if (rest >= 1) h = Math.imul(h ^ at(whole), M);
  h ^= h >>> 13;
  h = Math.imul(h, M);
  return h ^ (h >>> 15);
}
