import { Fault } from '@spillway/contracts/fault';
import type { Change } from './keyed-state.js';

/** The part of a key that names its slot: what stands in its first braces, or the whole key where nothing does. */
export function slotTag(key: string): string {
  const open = key.indexOf('{');
  const close = open === -1 ? -1 : key.indexOf('}', open);
  return close > open + 1 ? key.slice(open + 1, close) : key;
}

/**
 * The tag that all changes of one write share. Throws `rejected` where they do not: such a write is atomic on one
 * server, but cannot be on a cluster, and every driver should tell.
 */
export function sharedSlotTag(changes: readonly [Change, ...Change[]]): string {
  const [first] = changes;
  const tag = slotTag(first.key);
  for (const { key } of changes) {
    if (slotTag(key) === tag) continue;
    throw new Fault('rejected', `${first.key} and ${key} cannot be written at once: their tags differ`);
  }
  return tag;
}

export const isAny = (changes: readonly Change[]): changes is readonly [Change, ...Change[]] =>
  changes.length > 0;
