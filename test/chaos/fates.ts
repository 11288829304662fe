import type { ForeignEvent } from './foreigner.js';
import { strangersTopics } from './foreigner.js';
import type { LedgerEntry } from './ledger.js';
import type { Trace } from './topics.js';
import type { Accepted } from './traffic.js';

/** How messages ended, as the topics tell, and every way in which that breaks a promise. */
export interface Fates {
  readonly settled: number;
  readonly withPerson: number;
  readonly failed: number;
  /** Ids that were accepted and came to no end. */
  readonly lost: readonly string[];
  /** Messages with two different ends. */
  readonly settledTwice: readonly string[];
  /** The same end, published again: at least once is what a log promises. */
  readonly repeatedEnds: number;
  /** Conversations whose replies left in another order than their messages came. */
  readonly outOfOrder: readonly string[];
  /** Events of strangers for which a group has no dead letter. */
  readonly unparked: readonly string[];
  readonly deadLetters: number;
}

type Kind = Trace['kind'];

/** Ids of accepted messages that have not come to an end. */
export function unended(accepted: readonly Accepted[], traces: readonly Trace[]): readonly string[] {
  const ended = new Set(traces.filter(({ kind }) => kind !== 'received').map(({ messageId }) => messageId));
  return accepted.filter(({ id }) => !ended.has(id)).map(({ id }) => id);
}

export function fatesOf(
  accepted: readonly Accepted[],
  traces: readonly Trace[],
  foreign: readonly ForeignEvent[],
): Fates {
  const by = Map.groupBy(traces, ({ kind }) => kind);
  const of = (kind: Kind): readonly Trace[] => by.get(kind) ?? [];
  const ids = (kind: Kind): ReadonlySet<string> => new Set(of(kind).map(({ messageId }) => messageId));
  const [settled, held] = [ids('settled'), ids('held')];
  const ends = Map.groupBy(of('settled'), ({ messageId }) => messageId);
  const differ = (records: readonly Trace[]): boolean =>
    new Set(records.map(({ eventId, digest }) => `${eventId} ${digest}`)).size > 1;
  return {
    settled: settled.size,
    withPerson: [...held].filter((id) => !settled.has(id)).length,
    failed: [...ids('dead')].filter((id) => id !== '' && !settled.has(id) && !held.has(id)).length,
    lost: unended(accepted, traces),
    settledTwice: [...ends].filter(([, records]) => differ(records)).map(([id]) => id),
    repeatedEnds: of('settled').length - settled.size,
    outOfOrder: outOfOrder(accepted, of('received'), of('settled')),
    unparked: unparked(foreign, of('dead')),
    deadLetters: of('dead').length,
  };
}

/** First records count: a repeat changes no order. */
function outOfOrder(
  accepted: readonly Accepted[],
  received: readonly Trace[],
  settled: readonly Trace[],
): readonly string[] {
  const offsets = (traces: readonly Trace[]): ReadonlyMap<string, number> =>
    new Map(
      traces.toSorted((one, other) => other.offset - one.offset).map((each) => [each.messageId, each.offset]),
    );
  const [came, left] = [offsets(received), offsets(settled)];
  const rises = (numbers: readonly number[]): boolean =>
    numbers.every((each, index) => index === 0 || each > (numbers[index - 1] as number));
  return [...Map.groupBy(accepted, ({ conversation }) => conversation)]
    .filter(([, messages]) => {
      const inOrder = messages.toSorted((one, other) => one.nth - other.nth).map(({ id }) => id);
      const known = (places: ReadonlyMap<string, number>): readonly number[] =>
        inOrder.flatMap((id) => places.get(id) ?? []);
      return !rises(known(came)) || !rises(known(left));
    })
    .map(([conversation]) => conversation);
}

function unparked(foreign: readonly ForeignEvent[], dead: readonly Trace[]): readonly string[] {
  const parked = new Set(dead.map(({ group, originId }) => `${originId} of ${group}`));
  return foreign
    .flatMap(({ id, topic }) => (strangersTopics[topic] ?? []).map((group) => `${id} of ${group}`))
    .filter((each) => !parked.has(each));
}

/** What the ledger shows otherwise than the topics. */
export function ledgerFaults(
  accepted: readonly Accepted[],
  traces: readonly Trace[],
  entries: readonly LedgerEntry[],
): readonly string[] {
  const byId = Map.groupBy(entries, ({ id }) => id);
  const ends = new Map<string, string>();
  for (const { kind, messageId } of traces) {
    if (kind === 'settled') ends.set(messageId, 'settled');
    if (kind === 'held' && !ends.has(messageId)) ends.set(messageId, 'in_review');
  }
  return accepted.flatMap(({ id }) => {
    const shown = byId.get(id) ?? [];
    if (shown.length !== 1) return [`${id} is shown ${shown.length} times`];
    const [{ status } = { status: '' }] = shown;
    const end = ends.get(id);
    return end === undefined || status === end ? [] : [`${id} is ${end} and shown as ${status}`];
  });
}
