/** Chance that is the same for the same seed. */
export interface Random {
  /** Uniform over 0 to 1, 1 excluded. */
  share(): number;
  /** A whole number, both ends included. */
  whole(from: number, to: number): number;
  /** Throws for an empty list. */
  pick<T>(from: readonly T[]): T;
  shuffled<T>(list: readonly T[]): readonly T[];
}

/** A 32-bit generator (mulberry32): enough to vary a schedule, and short. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const share = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (from: number, to: number): number => from + Math.floor(share() * (to - from + 1));
  return {
    share,
    whole,
    pick(from) {
      if (from.length === 0) throw new Error('nothing to pick from');
      return from[whole(0, from.length - 1)] as (typeof from)[number];
    },
    shuffled(list) {
      const left = [...list];
      return list.map(() => left.splice(whole(0, left.length - 1), 1)[0] as (typeof list)[number]);
    },
  };
}

/** A number of 32 bits that follows from a text (FNV-1a). */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
