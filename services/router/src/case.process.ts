import type { Outgoing } from '@spillway/contracts/event';
import { Fault } from '@spillway/contracts/fault';
import type { Case, Message } from '@spillway/policy/case';
import { decide, type Input, type Turn } from '@spillway/policy/decide';
import type { Policy } from '@spillway/policy/policy';
import type { Change, KeyedState } from '@spillway/store/keyed-state';
import {
  type AlarmPayload,
  alarmChange,
  alarmKey,
  type CaseFile,
  caseKey,
  conversationKey,
  type Decided,
  decodeJson,
  emptyFile,
  encodeJson,
  hasMessage,
  messageKey,
  trimmed,
} from './case-file.js';
import type { EscalationGuard } from './escalation-guard.js';
import { published } from './publication.js';
import { auditPlan } from './shadow-audit.js';

/** An event that concerns one message. */
export interface Arrival {
  /** That it was delivered from: events of one topic and conversation come one after the other. */
  readonly topic: string;
  readonly eventId: string;
  readonly conversationId: string;
  readonly messageId: string;
  /** Trace context of the event: a deadline that passes later belongs to the same trace. */
  readonly traceparent: string;
  /** `behind` is known only once the conversation was looked at. */
  readonly input: Exclude<Input, { type: 'received' }> | Omit<Extract<Input, { type: 'received' }>, 'behind'>;
}

export interface CaseProcess {
  /**
   * Decides on one event, saves the cases it concerns, and returns what is to be published. The same event again
   * returns the same outputs and changes nothing. Throws `conflict` when others kept changing the same case.
   */
  handle(arrival: Arrival): Promise<readonly Outgoing[]>;
}

export interface CaseProcessParts {
  readonly state: KeyedState;
  /** The policy in force, with the alarms that stand. */
  readonly policy: () => Policy | Promise<Policy>;
  /** Draws messages for the audit. */
  readonly auditKey: () => Promise<string>;
  readonly now: () => number;
  readonly escalations: EscalationGuard;
  /** Told of every decision the first time it is made: for metrics and spans. */
  readonly onActions: (actions: Decided['actions'][number]['actions']) => void;
  /** Told, likewise, of the turn that an event of a message led to. */
  readonly onTurn: (messageId: string, turn: Turn) => void;
}

/** How long a settled message is remembered, so that a repeated event finds it settled. */
const REMEMBERED_MS = 7 * 86_400_000;
/** Only another process can change a case meanwhile: while one conversation is handled on two topics at once. */
const MAX_CONFLICTS = 16;
/** Cases remembered as they were saved: more than are open at once in one process. */
const MAX_SAVES = 1_000;
/** Messages remembered that no answer can move any more: as many as answers may be on their way for. */
const MAX_DECIDED = 4_000;
/** Characters of a message whose case is remembered: a thousand of the longest there can be would fill the heap. */
const MAX_SAVED_TEXT = 16_384;

interface Loaded {
  readonly key: string;
  readonly messageId: string;
  readonly file: CaseFile;
  readonly version: number;
  /** Whether its message lies in the state. */
  readonly hasMessage: boolean;
}

/** Where a new message stands in its conversation. */
interface Queue {
  readonly notes: readonly Change[];
  /** The open message before it, which now knows what comes next. */
  readonly before?: Loaded;
}

const noQueue: Queue = { notes: [] };

/** Which message of a conversation came last. */
interface Note {
  readonly newest: string;
}

interface Turned {
  readonly kase: Case;
  readonly actions: Decided['actions'][number]['actions'];
  readonly loaded: Loaded;
}

/** Where a message no longer holds up the ones behind it, and none before it does. */
const outOfTheWay = ({ phase, behind }: Case): boolean =>
  (phase === 'settled' || phase === 'in_review') && !behind;

/** An answer moves a message only while models are at work on it, and keeps until it is in. */
const needsNoAnswer = ({ phase }: Case): boolean => phase !== 'unknown' && phase !== 'open';

const eventIdsOf = ({ last }: CaseFile): readonly string[] =>
  Object.values(last).map(({ eventId }) => eventId);

/** A tenth at once: on the way to its oldest entry a map walks over all that were deleted before. */
function dropOldest(map: Map<string, unknown>, max: number): void {
  if (map.size <= max) return;
  for (const oldest of map.keys()) {
    if (map.size <= 0.9 * max) break;
    map.delete(oldest);
  }
}

/** Cases that go on, of messages that are not long. */
const worthKeeping = (kase: Case): boolean =>
  !outOfTheWay(kase) && (kase.message?.text.length ?? 0) <= MAX_SAVED_TEXT;

export function caseProcess({
  state,
  policy: inForce,
  auditKey,
  now,
  escalations,
  onActions,
  onTurn,
}: CaseProcessParts): CaseProcess {
  /** Cases as this process last saved them. Another process may have gone on since: then a write finds out. */
  const saves = new Map<string, Loaded>();
  /** Cases that no answer can move any more, each with the events that brought it there: these may come once more. */
  const answered = new Map<string, readonly string[]>();

  async function load(
    conversationId: string,
    messageId: string,
    key = caseKey(conversationId, messageId),
  ): Promise<Loaded> {
    const known = saves.get(key);
    if (known !== undefined) return known;
    const entry = await state.get(key);
    if (entry === undefined) return fresh(key, messageId);
    const { version } = entry;
    const file = decodeJson<CaseFile>(entry.value);
    if (!hasMessage(file.kase)) return { key, messageId, file, version, hasMessage: false };
    const message = await messageOf(conversationId, messageId);
    return { key, messageId, file: { ...file, kase: { ...file.kase, message } }, version, hasMessage: true };
  }

  async function messageOf(conversationId: string, messageId: string): Promise<Message> {
    const entry = await state.get(messageKey(conversationId, messageId));
    // Another process settled the case between the two readings.
    if (entry === undefined) throw new Fault('conflict', 'the case has gone on meanwhile');
    return decodeJson<Message>(entry.value);
  }

  /** Writes cases with whatever else belongs to them, and remembers those that go on. */
  async function save(
    conversationId: string,
    files: readonly Loaded[],
    others: readonly Change[],
  ): Promise<void> {
    const puts = files.map(savedCase);
    const messages = files.flatMap((each) => messageChange(conversationId, each));
    const versions = await state.write([...puts, ...messages, ...others]);
    for (const [index, { key, messageId, file }] of files.entries()) {
      saves.delete(key);
      answered.delete(key);
      if (needsNoAnswer(file.kase)) answered.set(key, eventIdsOf(file));
      if (!worthKeeping(file.kase)) continue;
      const version = versions[index] as number;
      saves.set(key, { key, messageId, file, version, hasMessage: hasMessage(file.kase) });
    }
    dropOldest(saves, MAX_SAVES);
    dropOldest(answered, MAX_DECIDED);
  }

  /**
   * Puts a new message behind the newest of its conversation, where that one is still open. A message that opened a
   * conversation of its own leaves no note: whoever continues it finds it by the conversation's id.
   */
  async function queued(arrival: Arrival): Promise<Queue> {
    const { conversationId, messageId } = arrival;
    if (messageId === conversationId) return noQueue;
    const key = conversationKey(conversationId);
    const entry = await state.get(key);
    const newest = entry === undefined ? conversationId : decodeJson<Note>(entry.value).newest;
    const value = encodeJson({ newest: messageId } satisfies Note);
    const note: Change = { kind: 'put', key, value, expect: entry?.version ?? 0, ttlMs: REMEMBERED_MS };
    const before = newest === messageId ? undefined : await load(conversationId, newest);
    if (before === undefined || before.version === 0 || outOfTheWay(before.file.kase)) {
      return { notes: [note] };
    }
    return { notes: [note], before: { ...before, file: { ...before.file, next: messageId } } };
  }

  /** The replies that waited behind a message that is now out of the way, first to last. */
  async function released(
    conversationId: string,
    kase: Case,
    first: string | undefined,
    policy: Policy,
  ): Promise<Turned[]> {
    const turns: Turned[] = [];
    for (let next = outOfTheWay(kase) ? first : undefined; next !== undefined; ) {
      const loaded = await load(conversationId, next);
      const turn = decide(loaded.file.kase, { type: 'turn' }, policy, now());
      if (turn.kase === loaded.file.kase) {
        // Nothing is written then, and so nothing finds out that another process has gone on: the state tells.
        if (saves.delete(loaded.key)) continue;
        break;
      }
      turns.push({ loaded, ...turn });
      next = outOfTheWay(turn.kase) ? loaded.file.next : undefined;
    }
    return turns;
  }

  function withAlarm(arrival: Arrival, file: CaseFile, rang: boolean): { file: CaseFile; changes: Change[] } {
    const { conversationId, messageId, traceparent } = arrival;
    const key = alarmKey(conversationId, messageId);
    const change = alarmChange(file, rang);
    if (change === 'keep') return { file, changes: [] };
    const { alarmAtMs: _, ...rest } = file;
    if (change === 'disarm') return { file: rest, changes: [{ kind: 'disarm', key }] };
    const payload = encodeJson({ conversationId, messageId, traceparent } satisfies AlarmPayload);
    return {
      file: { ...rest, alarmAtMs: change.at },
      changes: [{ kind: 'arm', key, at: change.at, payload }],
    };
  }

  /** What was published for an event, once more. */
  async function republished(conversationId: string, decided: Decided): Promise<readonly Outgoing[]> {
    const loaded = await Promise.all(decided.actions.map(({ messageId }) => load(conversationId, messageId)));
    return published(
      conversationId,
      decided,
      loaded.map(({ file }) => file.kase),
    );
  }

  /** A message that comes for the first time has no case: whether it has one after all, the write finds out. */
  const assumedNew = ({ input, messageId }: Arrival, key: string): Loaded | undefined =>
    input.type === 'received' ? fresh(key, messageId) : undefined;

  async function attempt(arrival: Arrival, conflicts: number): Promise<readonly Outgoing[]> {
    const { conversationId, messageId, topic, eventId } = arrival;
    const key = caseKey(conversationId, messageId);
    if (arrival.input.type === 'answered' && answered.get(key)?.includes(eventId) === false) return [];
    const standing = inForce();
    const policy = standing instanceof Promise ? await standing : standing;
    const loaded =
      saves.get(key) ??
      (conflicts === 0 ? assumedNew(arrival, key) : undefined) ??
      (await load(conversationId, messageId, key));
    const { file } = loaded;
    // It may have come on another topic before: first on its own, then on the one for retries.
    const repeated = Object.values(file.last).find((decided) => decided.eventId === eventId);
    if (repeated !== undefined) return republished(conversationId, repeated);
    const queue = arrival.input.type === 'received' ? await queued(arrival) : noQueue;
    const input: Input =
      arrival.input.type === 'received'
        ? { ...arrival.input, behind: queue.before !== undefined }
        : arrival.input;
    const rang = input.type === 'due' && file.alarmAtMs !== undefined && file.alarmAtMs <= input.dueAtMs;
    const atMs = now();
    const turn = decide(file.kase, input, escalations.inForce(policy, atMs), atMs);
    if (turn.kase === file.kase && !rang) return withoutEffect(arrival, key);
    const occurrence = { conversationId, messageId, before: file.kase, input, turn };
    const audit = await auditPlan(occurrence, policy, auditKey);
    const first = { loaded, kase: turn.kase, actions: [...turn.actions, ...audit.actions] };
    const turns = [first, ...(await released(conversationId, turn.kase, file.next, policy))];
    const actions = turns.map((each) => actionsOf(each, messageId));
    const decided: Decided = { eventId, atMs, policyVersion: policy.version, actions };
    const last = { ...file.last, [topic]: decided };
    const waits = queue.before && arrival.traceparent !== '' ? { traceparent: arrival.traceparent } : {};
    const own = withAlarm(arrival, { ...file, ...waits, kase: turn.kase, last }, rang);
    const others = turns
      .slice(1)
      .map(({ loaded: other, kase }) => ({ ...other, file: { ...other.file, kase } }));
    const files = [{ ...loaded, file: own.file }, ...others, ...(queue.before ? [queue.before] : [])];
    await save(conversationId, files, [...queue.notes, ...own.changes, ...audit.changes]);
    escalations.saved(file.kase, turn.kase, atMs);
    onActions(actions.flatMap((each) => each.actions));
    onTurn(messageId, turn);
    return published(
      conversationId,
      decided,
      turns.map(({ kase }) => kase),
    );
  }

  /** Nothing followed from the case as it was known here: another process may know better. */
  async function withoutEffect(arrival: Arrival, key: string): Promise<readonly Outgoing[]> {
    return saves.delete(key) ? attempt(arrival, 1) : [];
  }

  /** Ends of the work that is under way, by conversation. */
  const turns = new Map<string, Promise<unknown>>();

  /**
   * Lets the events of one conversation take turns, whatever topic they came on: two at once would both read the case,
   * and the one that writes last would have to begin again.
   */
  function inTurn<T>(conversationId: string, work: () => Promise<T>): Promise<T> {
    const before = turns.get(conversationId);
    const own = before === undefined ? work() : before.then(work, work);
    turns.set(conversationId, own);
    const leave = (): void => {
      if (turns.get(conversationId) === own) turns.delete(conversationId);
    };
    own.then(leave, leave);
    return own;
  }

  function withoutConflict(arrival: Arrival, conflicts = 0): Promise<readonly Outgoing[]> {
    return attempt(arrival, conflicts).catch((error: unknown) => {
      const fault = Fault.from(error);
      saves.clear();
      if (fault.code !== 'conflict' || conflicts >= MAX_CONFLICTS) throw fault;
      return withoutConflict(arrival, conflicts + 1);
    });
  }

  return {
    handle: (arrival) => inTurn(arrival.conversationId, () => withoutConflict(arrival)),
  };
}

const fresh = (key: string, messageId: string): Loaded => ({
  key,
  messageId,
  file: emptyFile,
  version: 0,
  hasMessage: false,
});

function savedCase({ key, file, version }: Loaded): Change {
  const value = encodeJson(trimmed(file));
  const put = { kind: 'put', key, value, expect: version } as const;
  return file.kase.phase === 'settled' ? { ...put, ttlMs: REMEMBERED_MS } : put;
}

/** Writes the message of a case once, and forgets it when the case is settled. */
function messageChange(conversationId: string, loaded: Loaded): Change[] {
  const { messageId, file } = loaded;
  const { kase } = file;
  if (loaded.hasMessage === hasMessage(kase)) return [];
  const key = messageKey(conversationId, messageId);
  return loaded.hasMessage
    ? [{ kind: 'delete', key }]
    : [{ kind: 'put', key, value: encodeJson(kase.message) }];
}

/** What was decided on one message by an event that came for `messageId`. */
function actionsOf({ loaded, actions }: Turned, messageId: string): Decided['actions'][number] {
  const { traceparent } = loaded.file;
  return loaded.messageId === messageId || traceparent === undefined
    ? { messageId: loaded.messageId, actions }
    : { messageId: loaded.messageId, actions, traceparent };
}
