import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Outgoing } from '@spillway/contracts/event';
import { Fault } from '@spillway/contracts/fault';
import type { TierName } from '@spillway/policy/case';
import type { TaskName } from '@spillway/policy/policy';
import { answered, message, policy } from '@spillway/policy/testing/given';
import { openEmbeddedKeyedState } from '@spillway/store/embedded-keyed-state';
import type { KeyedState } from '@spillway/store/keyed-state';
import { createLogger } from '@spillway/telemetry/logger';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Arrival, type CaseProcess, caseProcess } from './case.process.js';
import { escalationGuard } from './escalation-guard.js';

/**
 * What becomes of one delivery. Records of one topic come in order, and what fails holds its place; only a record that
 * was never tried comes later and on the retry topic, as a dead letter does that is replayed.
 */
type Fate =
  | 'done'
  | 'crash after saving'
  | 'done, and once more'
  | 'both at once'
  | 'answer of the store lost'
  | 'store away';

interface Step {
  readonly topic: number;
  readonly process: 0 | 1;
  readonly fate: Fate;
  readonly anew: boolean;
  readonly passMs: number;
}

const steps: fc.Arbitrary<Step> = fc.record({
  topic: fc.nat(20),
  process: fc.constantFrom(0 as const, 1 as const),
  fate: fc.oneof(
    { weight: 5, arbitrary: fc.constant<Fate>('done') },
    {
      weight: 4,
      arbitrary: fc.constantFrom<Fate>(
        'crash after saving',
        'done, and once more',
        'both at once',
        'answer of the store lost',
        'store away',
      ),
    },
  ),
  anew: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  passMs: fc.constantFrom(0, 0, 0, 0, 0, 70_000),
});

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-simulation-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

let opened = 0;

function world(confidences: readonly number[], opening: boolean) {
  let nowMs = 1_000_000;
  let losing = false;
  let away = false;
  const state = openEmbeddedKeyedState({ path: join(folder, `${opened++}.db`), now: () => nowMs });
  const lossy: KeyedState = {
    ...state,
    write: async (changes) => {
      if (away) throw new Fault('unavailable', 'away');
      const versions = await state.write(changes);
      if (losing) {
        losing = false;
        throw new Fault('unavailable', 'the answer was lost');
      }
      return versions;
    },
  };
  const fresh = (): CaseProcess =>
    caseProcess({
      state: lossy,
      policy: () => policy,
      auditKey: async () => 'key',
      now: () => nowMs,
      escalations: escalationGuard(undefined, createLogger('router')),
      onActions: () => undefined,
      onTurn: () => undefined,
    });
  const processes = [fresh(), fresh()];
  const topics = new Map<string, Arrival[]>();
  const queueOf = (topic: string): Arrival[] => {
    const found = topics.get(topic) ?? [];
    topics.set(topic, found);
    return found;
  };
  const sent = new Set<string>();
  const published = new Map<string, string>();
  const different: string[] = [];
  const tried = new Set<string>();
  const owed = new Set<string>();
  function send(messageId: string, topic: string, eventId: string, input: Arrival['input']): void {
    if (sent.has(eventId)) return;
    sent.add(eventId);
    queueOf(topic).push({ topic, eventId, conversationId: 'c1', messageId, traceparent: '', input });
  }
  function confidenceOf(id: string): number {
    let hash = 0;
    for (const char of id) hash = (hash * 31 + char.charCodeAt(0)) >>> 0;
    return confidences[hash % confidences.length] as number;
  }
  function answer(messageId: string, step: TaskName, tier: TierName, name = ''): void {
    const eventId = `${messageId}/step.completed/${step}:${tier}${name}`;
    const confidence = confidenceOf(eventId);
    if (confidence < 0.05) return;
    send(messageId, 'step.completed', eventId, answered(step, confidence, tier) as Arrival['input']);
  }
  function receive(messageId: string): void {
    send(messageId, 'message.received', `${messageId}/message.received`, { type: 'received', message });
    for (const step of ['classify', 'extract', 'sentiment'] as const) answer(messageId, step, 'small');
  }
  function publish(outputs: readonly Outgoing[]): void {
    for (const { id, value } of outputs) {
      const bytes = Buffer.from(value).toString('base64');
      const before = published.get(id);
      if (before !== undefined && before !== bytes) different.push(id);
      published.set(id, bytes);
      const [messageId, topic, name] = id.split('/') as [string, string, string | undefined];
      if (topic === 'draft.requested') answer(messageId, 'draft', 'small');
      if (topic === 'polish.requested')
        answer(messageId, (name === 'final' ? 'polish' : name) as TaskName, 'big');
      if (topic === 'review.requested') {
        const decision = confidenceOf(id) < 0.5 ? 'reject' : 'edit';
        send(messageId, 'review.decided', `${messageId}/review.decided`, {
          type: 'reviewed',
          decision,
          text: 'x',
        });
      }
    }
  }
  async function deliver({ topic: at, process, fate, anew, passMs }: Step): Promise<boolean> {
    nowMs += passMs;
    for (const alarm of await state.due(nowMs, 100)) {
      const messageId = alarm.key.split(':').at(-1) as string;
      send(messageId, 'deadline.passed', `${messageId}/deadline.passed/${alarm.at}`, {
        type: 'due',
        dueAtMs: alarm.at,
      });
    }
    const waiting = [...topics].filter(([, queue]) => queue.length > 0);
    if (waiting.length === 0) return false;
    const [topic, queue] = waiting[at % waiting.length] as [string, Arrival[]];
    const arrival = queue[0] as Arrival;
    if (anew) processes[process] = fresh();
    losing = fate === 'answer of the store lost';
    away = fate === 'store away';
    let outputs: readonly Outgoing[];
    try {
      if (fate === 'both at once') {
        const [one, other] = await Promise.all(processes.map((each) => each.handle(arrival)));
        outputs = [...(one as Outgoing[]), ...(other as Outgoing[])];
      } else outputs = await (processes[process] as CaseProcess).handle(arrival);
    } catch {
      if (fate !== 'store away' || tried.has(arrival.eventId)) {
        tried.add(arrival.eventId);
        return true;
      }
      queue.shift();
      const retry = topic.endsWith('.retry') ? topic : `${topic}.router.retry`;
      queueOf(retry).push({ ...arrival, topic: retry });
      return true;
    } finally {
      losing = false;
      away = false;
    }
    for (const { id } of outputs) owed.add(id);
    tried.add(arrival.eventId);
    if (fate === 'crash after saving') {
      processes[process] = fresh();
      return true;
    }
    publish(outputs);
    if (fate !== 'done, and once more') queue.shift();
    return true;
  }
  const ids = opening ? ['c1', 'm2', 'm3'] : ['m1', 'm2', 'm3'];
  for (const id of ids) receive(id);
  return { deliver, published, different, owed, ids, close: () => state.close() };
}

it('loses nothing and settles nothing twice, whoever handles an event and how often', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(steps, { minLength: 20, maxLength: 120 }),
      fc.array(fc.constantFrom(0.01, 0.3, 0.6, 0.9, 0.95), { minLength: 5, maxLength: 40 }),
      fc.boolean(),
      async (history, confidences, opening) => {
        const { deliver, published, different, owed, ids, close } = world(confidences, opening);
        try {
          for (const step of history) await deliver(step);
          let at = 0;
          for (let idle = 0; idle < 12; ) {
            const passMs = idle > 0 ? 70_000 : 0;
            const went = await deliver({
              topic: at++,
              process: (at % 2) as 0 | 1,
              fate: 'done',
              anew: false,
              passMs,
            });
            idle = went ? 0 : idle + 1;
          }
          const settled = ids.map((id) => published.has(`${id}/message.settled`));
          expect(settled).toEqual([true, true, true]);
          // A request that is made again tells what was understood since.
          expect(different.filter((id) => !/requested/.test(id))).toEqual([]);
          // Every other word that was decided on was published; a request may be overtaken by its deadline.
          const kept = [...owed].filter((id) => !/(draft|polish)\.requested/.test(id));
          expect(kept.filter((id) => !published.has(id))).toEqual([]);
        } finally {
          await close();
        }
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);
