import { Readable } from 'node:stream';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { BUS, type Bus, type BusRecord } from '@spillway/bus/bus';
import { Fault } from '@spillway/contracts/fault';
import { createLogger } from '@spillway/telemetry/logger';
import { frameOf, streamTopics } from './stream-frame.js';

/** What one listener wants to hear. */
export interface StreamFilter {
  /** Topics; undefined: all. */
  readonly topics: ReadonlySet<string> | undefined;
  readonly conversationId: string | undefined;
}

interface Listener extends StreamFilter {
  readonly stream: Readable;
  /** Frames since the last flush. */
  waiting: string[];
}

/** Characters that may wait for a listener which reads too slowly. Beyond, it is cut off: it can come again. */
const SLOW_LIMIT = 4_194_304;
const HEARTBEAT_MS = 15_000;
const MOST_LISTENERS = 256;

const opening = 'retry: 2000\n: listening\n\n';

/**
 * Shows the events of the log to whoever listens. The log is read only while somebody does, once for all of them, and
 * an event is decoded only when one of them wants it.
 */
@Injectable()
export class StreamHub implements OnModuleDestroy {
  private readonly log = createLogger('gateway');
  private readonly listeners = new Set<Listener>();
  private readonly heartbeat = setInterval(() => this.beat(), HEARTBEAT_MS).unref();
  private stopTail: (() => Promise<void>) | undefined;
  private tailing: Promise<void> = Promise.resolve();
  private flushing = false;
  private closed = false;

  constructor(@Inject(BUS) private readonly bus: Bus) {}

  /** Begins a stream of server-sent events; from its first byte on nothing is missed. Throws `unavailable`. */
  async listen(filter: StreamFilter): Promise<Readable> {
    if (this.closed) throw new Fault('unavailable', 'the server is stopping');
    if (this.listeners.size >= MOST_LISTENERS) throw new Fault('throttled', 'too many listeners');
    const stream = new Readable({ read() {} });
    const listener: Listener = { ...filter, stream, waiting: [] };
    this.listeners.add(listener);
    stream.once('close', () => this.leave(listener));
    try {
      await this.tailWhileHeard();
    } catch (error) {
      stream.destroy();
      throw Fault.from(error);
    }
    stream.push(opening);
    return stream;
  }

  /** Ends every stream in good order. */
  async onModuleDestroy(): Promise<void> {
    this.closed = true;
    clearInterval(this.heartbeat);
    this.flush();
    for (const { stream } of this.listeners) stream.push(null);
    this.listeners.clear();
    await this.tailWhileHeard();
  }

  private leave(listener: Listener): void {
    this.listeners.delete(listener);
    this.tailWhileHeard().catch((error: unknown) => this.log.warn({ err: error }, 'the tail did not end'));
  }

  /** Starts or ends the tail, one after the other, so that it matches who is listening when its turn comes. */
  private tailWhileHeard(): Promise<void> {
    const turn = this.tailing.then(async () => {
      const heard = this.listeners.size > 0;
      if (heard && this.stopTail === undefined) {
        this.stopTail = await this.bus.tail(streamTopics, (record) => this.show(record));
      } else if (!heard && this.stopTail !== undefined) {
        const stop = this.stopTail;
        this.stopTail = undefined;
        await stop();
      }
    });
    // Whoever asked for this turn hears of its failure; the next turn is not to inherit it.
    this.tailing = turn.catch(() => undefined);
    return turn;
  }

  private show(record: BusRecord): void {
    let frame: string | undefined;
    for (const listener of this.listeners) {
      if (!wants(listener, record)) continue;
      frame ??= frameOf(record);
      listener.waiting.push(frame);
    }
    if (frame === undefined || this.flushing) return;
    this.flushing = true;
    // Events come in batches; one write for all of a batch costs a tenth.
    setImmediate(() => this.flush());
  }

  private flush(): void {
    this.flushing = false;
    for (const listener of this.listeners) {
      if (listener.waiting.length === 0) continue;
      const text = listener.waiting.join('');
      listener.waiting = [];
      this.send(listener, text);
    }
  }

  private beat(): void {
    for (const listener of this.listeners) this.send(listener, ': still here\n\n');
  }

  private send({ stream }: Listener, text: string): void {
    if (stream.readableLength + text.length <= SLOW_LIMIT) {
      stream.push(text);
      return;
    }
    this.log.warn({ waiting: stream.readableLength }, 'a listener reads too slowly and is cut off');
    stream.destroy();
  }
}

const wants = ({ topics, conversationId }: Listener, record: BusRecord): boolean =>
  (topics === undefined || topics.has(record.topic)) &&
  (conversationId === undefined || conversationId === record.key);
