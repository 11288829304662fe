import { Fault } from '@spillway/contracts/fault';

/** A place in a list that is ordered by time and, at the same time, by number. */
export interface Place {
  readonly atMs: number;
  readonly number: number;
}

/** Which list a cursor belongs to. */
export type CursorKind = 'messages' | 'reviews' | 'audits';

const pattern = /:(-?\d{1,16}):(\d{1,16})$/;

/** Writes a place down as text that callers hand back unread. */
export const encodeCursor = (kind: CursorKind, place: Place): string =>
  Buffer.from(`${kind}:${place.atMs}:${place.number}`).toString('base64url');

/** Reads a cursor of this list. Throws `malformed` for anything that `encodeCursor` did not write for it. */
export function decodeCursor(kind: CursorKind, cursor: string): Place {
  const match = pattern.exec(Buffer.from(cursor, 'base64url').toString('latin1'));
  const place = { atMs: Number(match?.[1]), number: Number(match?.[2]) };
  // Written anew it must be the same: that holds for nothing but a cursor of this list.
  if (match === null || encodeCursor(kind, place) !== cursor) {
    throw new Fault('malformed', 'not a cursor of this list', {
      problems: [{ where: '?cursor', message: 'hand back a next cursor unchanged, or leave it out' }],
    });
  }
  return place;
}
