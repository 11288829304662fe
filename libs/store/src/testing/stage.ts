import { randomUUID } from 'node:crypto';
import { afterEach } from 'vitest';
import type { KeyedState } from '../keyed-state.js';

/** A driver under test. */
export interface KeyedStateDriver {
  /** Opening the same place again, after a close, finds the same state. */
  open(place: string): Promise<KeyedState>;
  /** Lets time pass for the driver: a clock of the test, or a real wait. */
  pass(ms: number): Promise<void>;
  /** The driver's time, milliseconds since the epoch. */
  now(): number;
}

/** What a driver cannot do, each with the reason why. */
export interface Cannot {
  /** Find the state again after a close. */
  readonly reopen?: string;
}

/** What one case works on; closed after the case. */
export interface Stage extends Omit<KeyedStateDriver, 'open'> {
  open(): Promise<KeyedState>;
  /** Closes the state and opens the same place again. */
  reopen(): Promise<KeyedState>;
  /** A key of this case alone; the keys of one case share a slot. */
  key(name: string): string;
}

/** Makes the stage of each case. To be called inside a `describe`. */
export function stages(driver: KeyedStateDriver): () => Stage {
  const opened = new Map<string, KeyedState>();
  afterEach(async () => {
    for (const state of opened.values()) await state.close();
    opened.clear();
  });
  return () => {
    const place = randomUUID();
    const stage: Stage = {
      pass: (ms) => driver.pass(ms),
      now: () => driver.now(),
      key: (name) => `case:{${place}}:${name}`,
      async open() {
        const state = await driver.open(place);
        opened.set(place, state);
        return state;
      },
      async reopen() {
        await opened.get(place)?.close();
        return stage.open();
      },
    };
    return stage;
  };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Text as bytes, and back. */
export const bytes = (text: string): Uint8Array => encoder.encode(text);
export const textOf = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : decoder.decode(value);
