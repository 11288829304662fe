import { randomUUID } from 'node:crypto';
import type { Outgoing } from '@spillway/contracts/event';
import { afterEach, vi } from 'vitest';
import type { Bus, BusRecord, SubscribeOptions, Subscription } from '../bus.js';

/** Opens the driver with these topics. Opening the same place again, after a close, finds the same log. */
export type OpenBus = (place: string, topics: readonly string[]) => Promise<Bus>;

/** In what drivers may differ. */
export interface Capabilities {
  /** Whether several subscriptions can share the topics of one group, or a second one is refused. */
  readonly members: 'one' | 'many';
}

/** Waits for `check` to stop throwing, long enough for a broker that rebalances. */
export const eventually = <T>(check: () => T): Promise<T> =>
  vi.waitFor(check, { timeout: 15_000, interval: 5 });

/** A barrier: whoever waits goes on once it is opened. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: () => resolve() };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A raw event whose value is `text`. */
export const event = (topic: string, key: string, text: string, over: Partial<Outgoing> = {}): Outgoing => ({
  topic,
  key,
  id: `${key}/${topic}/${text}`,
  value: encoder.encode(text),
  headers: {},
  ...over,
});

export const textOf = (record: BusRecord): string => decoder.decode(record.value);

/** Everything that one case opens, in names of its own; closed after the case. */
export interface Stage {
  readonly topic: string;
  readonly otherTopic: string;
  readonly group: string;
  bus(): Promise<Bus>;
  /** Closes the bus of this place and opens it again. */
  reopen(): Promise<Bus>;
  /** Subscribes and notes the text of every record that was handled. */
  read(bus: Bus, options?: Partial<SubscribeOptions>): Promise<Reading>;
}

interface Reading extends Subscription {
  readonly seen: readonly string[];
}

/** Makes the stage of each case. To be called inside a `describe`. */
export function stages(open: OpenBus): () => Stage {
  const buses = new Map<string, Bus>();
  afterEach(async () => {
    for (const bus of buses.values()) await bus.close();
    buses.clear();
  });
  return () => {
    const place = randomUUID();
    const stage: Stage = {
      topic: `one-${place}`,
      otherTopic: `two-${place}`,
      group: `group-${place}`,
      async bus() {
        const bus = await open(place, [stage.topic, stage.otherTopic]);
        buses.set(place, bus);
        return bus;
      },
      async reopen() {
        await buses.get(place)?.close();
        return stage.bus();
      },
      async read(bus, options = {}) {
        const { handle = async () => [], ...rest } = options;
        const seen: string[] = [];
        const subscription = await bus.subscribe({
          group: stage.group,
          topics: [stage.topic],
          slots: 16,
          order: 'key',
          ...rest,
          async handle(record, signal) {
            const outputs = await handle(record, signal);
            seen.push(textOf(record));
            return outputs;
          },
        });
        return {
          seen,
          health: () => subscription.health(),
          drain: (timeoutMs) => subscription.drain(timeoutMs),
        };
      },
    };
    return stage;
  };
}

/** `count` texts, `0` to `count - 1`. */
export const numbers = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => `${n}`);
