import { Fault } from '@spillway/contracts/fault';

/**
 * Reads what Kafka's protocol is made of from a part of a buffer, number after number
 * (https://kafka.apache.org/protocol#protocol_types). Whatever would lie beyond the part's end is `malformed`.
 */
export class WireReader {
  constructor(
    readonly buffer: Buffer,
    /** Where the next read begins. */
    public at: number,
    public end: number,
  ) {}

  int8(): number {
    return this.buffer.readInt8(this.skip(1));
  }

  int16(): number {
    return this.buffer.readInt16BE(this.skip(2));
  }

  int32(): number {
    return this.buffer.readInt32BE(this.skip(4));
  }

  /** Exact where it is a safe integer; any other number is none either way. */
  int64(): number {
    return int64At(this.buffer, this.skip(8));
  }

  /** A 64-bit number in decimal, however large. */
  int64Text(): string {
    const value = this.int64();
    return Number.isSafeInteger(value) ? `${value}` : `${this.buffer.readBigInt64BE(this.at - 8)}`;
  }

  varint(): number {
    const { buffer, end } = this;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (this.at >= end) throw cutShort();
      const byte = buffer[this.at++] as number;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw new Fault('malformed', 'a number of Kafka has more than 32 bits');
  }

  /** As `int64`. */
  varlong(): number {
    const { buffer, end } = this;
    let value = 0;
    for (let weight = 1; weight < 2 ** 70; weight *= 128) {
      if (this.at >= end) throw cutShort();
      const byte = buffer[this.at++] as number;
      value += (byte & 0x7f) * weight;
      if (byte >= 0x80) continue;
      if (value > Number.MAX_SAFE_INTEGER) return Number.NaN;
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    throw new Fault('malformed', 'a number of Kafka has more than 64 bits');
  }

  /** How many bytes follow that this says the length of; -1 where there is nothing, not even nothing. */
  length(): number {
    const length = this.varint();
    if (length < -1) throw new Fault('malformed', 'a length of Kafka is negative');
    if (this.at + length > this.end) throw cutShort();
    return length;
  }

  /** Goes over what stands here with its length, and gives where it begins. */
  pass(): number {
    const length = this.length();
    return length > 0 ? this.skip(length) : this.at;
  }

  /** What stands here with its length; null where nothing does, not even nothing. */
  bytes(): Buffer | null {
    const length = this.length();
    return length < 0 ? null : this.buffer.subarray(this.skip(length), this.at);
  }

  /** Goes over so many bytes, and gives where they begin. */
  skip(bytes: number): number {
    const from = this.at;
    if (bytes < 0 || from + bytes > this.end) throw cutShort();
    this.at = from + bytes;
    return from;
  }
}

export const int64At = (buffer: Buffer, at: number): number =>
  buffer.readInt32BE(at) * 2 ** 32 + buffer.readUInt32BE(at + 4);

const cutShort = (): Fault => new Fault('malformed', 'what Kafka has sent ends too soon');
