import type { IHeaders } from 'kafkajs';
import { setHeader } from './headers.js';
import { WireReader } from './wire-reader.js';

/** What kafkajs asks of the batch of a record, to leave out what was aborted. */
export interface BatchContext {
  readonly producerId: string;
  readonly inTransaction: boolean;
  readonly isControlBatch: boolean;
}

/**
 * A record where a fetch has brought it: its key, value and headers are read when they are asked for, out of the whole
 * answer, which stays in memory as long as one of its records does. To kafkajs it is a message.
 */
export class FetchedRecord {
  constructor(
    readonly batchContext: BatchContext,
    private readonly answer: Buffer,
    /** Where the key begins, with its length. */
    private readonly from: number,
    private readonly to: number,
    readonly position: number,
    /** Milliseconds since the epoch. */
    readonly time: number,
    readonly attributes: number,
  ) {}

  get offset(): string {
    return `${this.position}`;
  }

  get timestamp(): string {
    return `${this.time}`;
  }

  get isControlRecord(): boolean {
    return this.batchContext.isControlBatch;
  }

  get magicByte(): number {
    return 2;
  }

  get key(): Buffer | null {
    return this.reader().bytes();
  }

  get value(): Buffer | null {
    const reader = this.reader();
    reader.pass();
    return reader.bytes();
  }

  get headers(): IHeaders {
    const reader = this.reader();
    reader.pass();
    reader.pass();
    const headers: IHeaders = {};
    for (let left = reader.varint(); left > 0; left -= 1) {
      const name = `${reader.bytes()}`;
      const value = reader.bytes() as Buffer;
      const before = Object.hasOwn(headers, name) ? headers[name] : undefined;
      setHeader(headers, name, before === undefined ? value : [before, value].flat());
    }
    return headers;
  }

  /** Reads key, value and headers, in this order, each with its length. */
  reader(): WireReader {
    return new WireReader(this.answer, this.from, this.to);
  }
}
