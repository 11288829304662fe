import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Outgoing } from '@spillway/contracts/event';
import type { StepAnswer } from '@spillway/policy/case';
import type { Input } from '@spillway/policy/decide';
import type { Policy } from '@spillway/policy/policy';
import { answered, message, overBudget, policy, understood } from '@spillway/policy/testing/given';
import { openEmbeddedKeyedState } from '@spillway/store/embedded-keyed-state';
import type { KeyedState } from '@spillway/store/keyed-state';
import { createLogger, type Logger } from '@spillway/telemetry/logger';
import { registry } from '@spillway/telemetry/metrics';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Arrival, type CaseProcess, caseProcess } from './case.process.js';
import { caseKey } from './case-file.js';
import { escalationGuard } from './escalation-guard.js';

let folder: string;
let state: KeyedState;
let cases: CaseProcess;
let nowMs: number;
let told: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-router-'));
  state = openEmbeddedKeyedState({ path: join(folder, 'state.db'), now: () => nowMs });
  nowMs = 1_000_000;
  told = 0;
  cases = process();
});

const process = (inForce = policy, log = createLogger('router')): CaseProcess =>
  caseProcess({
    state,
    policy: () => inForce,
    auditKey: async () => 'key',
    now: () => nowMs,
    escalations: escalationGuard(inForce.escalationLimit, log),
    onActions: ({ length }) => (told += length),
    onTurn: () => undefined,
  });

afterEach(async () => {
  await state.close();
  rmSync(folder, { recursive: true });
});

const ids = (events: readonly Outgoing[]): string[] => events.map(({ id }) => id);

function arrival(
  messageId: string,
  topic: string,
  input: Arrival['input'],
  eventId = `${messageId}/${topic}`,
): Arrival {
  return { topic, eventId, conversationId: 'c1', messageId, traceparent: '', input };
}

const received = (messageId: string): Arrival =>
  arrival(messageId, 'message.received', { type: 'received', message });

const completed = (messageId: string, input: { readonly answer: StepAnswer }): Arrival =>
  arrival(
    messageId,
    'step.completed',
    { type: 'answered', answer: input.answer },
    `${messageId}/step.completed/${input.answer.step}:${input.answer.tier}`,
  );

const answers = [...understood, answered('draft', 0.9)] as readonly { readonly answer: StepAnswer }[];

async function settle(messageId: string): Promise<Outgoing[]> {
  const outputs = await cases.handle(received(messageId));
  const rest: Outgoing[] = [];
  for (const answer of answers) rest.push(...(await cases.handle(completed(messageId, answer))));
  return [...outputs, ...rest];
}

describe('one message', () => {
  it('goes from received to settled', async () => {
    expect(ids(await settle('m1'))).toEqual([
      'm1/decision.made/classify:small',
      'm1/decision.made/extract:small',
      'm1/decision.made/sentiment:small',
      'm1/draft.requested',
      'm1/decision.made/draft:small',
      'm1/message.settled',
    ]);
  });

  it('leaves nothing that a customer wrote once it is settled', async () => {
    await settle('m1');
    const entry = await state.get(caseKey('c1', 'm1'));
    const text = new TextDecoder().decode(entry?.value);
    expect(text).toContain('settled');
    expect(text).not.toContain(message.text);
  });

  it('disarms its deadline when it settles', async () => {
    await cases.handle(received('m1'));
    expect(await state.due(nowMs + policy.deadlines.smallMs, 10)).toHaveLength(1);
    await settle('m1');
    expect(await state.due(Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
  });

  it('sets the deadline anew after it rang, and lets it rest when nothing is awaited any more', async () => {
    await cases.handle(received('m1'));
    const [alarm] = await state.due(Number.MAX_SAFE_INTEGER, 10);
    nowMs += policy.deadlines.smallMs;
    const dueAtMs = alarm?.at ?? 0;
    const outputs = await cases.handle(arrival('m1', 'deadline.passed', { type: 'due', dueAtMs }));
    expect(ids(outputs)).toContain('m1/polish.requested/classify');
    expect(await state.due(Number.MAX_SAFE_INTEGER, 10)).toMatchObject([
      { at: nowMs + policy.deadlines.bigMs },
    ]);
    nowMs += policy.deadlines.bigMs;
    const late = await cases.handle(
      arrival('m1', 'deadline.passed', { type: 'due', dueAtMs: nowMs }, 'second'),
    );
    expect(ids(late)).toContain('m1/review.requested');
    expect(await state.due(Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
  });
});

describe('an event that comes again', () => {
  it('is recognised on the retry topic, and one from there hides none of another topic', async () => {
    const topic = 'step.completed.router.retry';
    const [, second, third] = answers.map((answer) => completed('m1', answer)) as [Arrival, Arrival, Arrival];
    await cases.handle(received('m1'));
    const outputs = await cases.handle(second);
    expect(outputs.length).toBeGreaterThan(0);
    expect(await cases.handle({ ...second, topic })).toEqual(outputs);
    // Replayed while the one before is saved and not published yet: after a crash that one comes again.
    await cases.handle({ ...third, topic });
    expect(await cases.handle(second)).toEqual(outputs);
  });

  it('leads to the same outputs, word for word, and is told once', async () => {
    const first = await cases.handle(received('m1'));
    const answer = completed('m1', answers[0] as { answer: StepAnswer });
    const outputs = await cases.handle(answer);
    nowMs += 5_000;
    expect(await cases.handle(answer)).toEqual(outputs);
    expect(await cases.handle(received('m1'))).toEqual(first);
    expect(told).toBe(1);
  });

  it('of a settled message is published again after a crash between saving and publishing', async () => {
    const outputs = await settle('m1');
    const last = await cases.handle(completed('m1', answers[3] as { answer: StepAnswer }));
    expect(last).toEqual(outputs.slice(-2));
  });

  it('of long ago has no effect', async () => {
    await settle('m1');
    expect(await cases.handle(completed('m1', answers[0] as { answer: StepAnswer }))).toEqual([]);
  });
});

describe('messages of one conversation', () => {
  it('are answered in the order in which they came', async () => {
    await cases.handle(received('m1'));
    const second = await settle('m2');
    expect(ids(second)).not.toContain('m2/message.settled');
    const outputs: Outgoing[] = [];
    for (const answer of answers) outputs.push(...(await cases.handle(completed('m1', answer))));
    expect(ids(outputs).slice(-2)).toEqual(['m1/message.settled', 'm2/message.settled']);
  });

  it('are all released by the one that held them up, also when a person takes it over', async () => {
    await cases.handle(received('m1'));
    await settle('m2');
    await settle('m3');
    await cases.handle(completed('m1', answered('classify', 0.1) as { answer: StepAnswer }));
    const outputs = await cases.handle(
      completed('m1', answered('classify', 0.1, 'big') as { answer: StepAnswer }),
    );
    expect(ids(outputs).slice(-4)).toEqual([
      'm1/review.requested',
      'm1/audit.recorded/classify:escalated',
      'm2/message.settled',
      'm3/message.settled',
    ]);
  });

  it('do not pass the first one where a person has the one between them', async () => {
    const held = ['small', 'big'] as const;
    await cases.handle(received('m1'));
    await cases.handle(received('m2'));
    const third = await settle('m3');
    for (const tier of held) {
      const answer = answered('classify', 0.1, tier) as { answer: StepAnswer };
      third.push(...(await cases.handle(completed('m2', answer))));
    }
    const fourth = await settle('m4');
    expect(ids([...third, ...fourth]).filter((id) => id.endsWith('message.settled'))).toEqual([]);
    const outputs: Outgoing[] = [];
    for (const answer of answers) outputs.push(...(await cases.handle(completed('m1', answer))));
    expect(ids(outputs).slice(-3)).toEqual([
      'm1/message.settled',
      'm3/message.settled',
      'm4/message.settled',
    ]);
  });

  it('are looked at once: a review that is decided later does not go through all that came after', async () => {
    await cases.handle(received('m1'));
    for (const messageId of ['m2', 'm3', 'm4']) await cases.handle(received(messageId));
    for (const messageId of ['m1', 'm2', 'm3', 'm4']) {
      for (const tier of ['small', 'big'] as const) {
        const answer = answered('classify', 0.1, tier) as { answer: StepAnswer };
        await cases.handle(completed(messageId, answer));
      }
    }
    const before = await state.get(caseKey('c1', 'm3'));
    await cases.handle(arrival('m1', 'review.decided', { type: 'reviewed', decision: 'reject', text: '' }));
    expect((await state.get(caseKey('c1', 'm3')))?.version).toBe(before?.version);
  });

  it('leave in their own traces', async () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    await cases.handle(received('m1'));
    await cases.handle({ ...received('m2'), traceparent });
    for (const answer of answers) await cases.handle(completed('m2', answer));
    const outputs: Outgoing[] = [];
    for (const answer of answers) outputs.push(...(await cases.handle(completed('m1', answer))));
    expect(outputs.slice(-2).map(({ id, headers }) => [id, headers])).toEqual([
      ['m1/message.settled', {}],
      ['m2/message.settled', { traceparent }],
    ]);
  });

  it('release the same replies when the event comes again', async () => {
    await cases.handle(received('m1'));
    await settle('m2');
    let outputs: readonly Outgoing[] = [];
    for (const answer of answers) outputs = await cases.handle(completed('m1', answer));
    expect(await cases.handle(completed('m1', answers[3] as { answer: StepAnswer }))).toEqual(outputs);
  });
});

it('follows the message that opened the conversation under its own id', async () => {
  const opening = { ...received('c1'), messageId: 'c1' };
  await cases.handle(opening);
  expect(ids(await settle('m2'))).not.toContain('m2/message.settled');
});

it('goes on from what another process has saved', async () => {
  const other = process();
  await cases.handle(received('m1'));
  await other.handle(completed('m1', answered('classify', 0.2) as { answer: StepAnswer }));
  // What this process remembers still waits for the small model.
  const outputs = await cases.handle(
    completed('m1', answered('classify', 0.9, 'big') as { answer: StepAnswer }),
  );
  expect(ids(outputs)).toEqual(['m1/decision.made/classify:big', 'm1/audit.recorded/classify:escalated']);
});

it.each([
  ['remembers a case between two events', 'Where is it?', 0],
  ['reads the case of a long message anew, which memory could not hold a thousand of', 'x'.repeat(20_000), 2],
])('%s', async (_, text, reads) => {
  await cases.handle(arrival('m1', 'message.received', { type: 'received', message: { ...message, text } }));
  const get = vi.spyOn(state, 'get');
  await cases.handle(completed('m1', answers[0] as { answer: StepAnswer }));
  expect(get).toHaveBeenCalledTimes(reads);
});

it('reads nothing for a message that is new, and nothing for an answer that comes after its end', async () => {
  const opening = { ...received('c1'), messageId: 'c1' };
  const get = vi.spyOn(state, 'get');
  await cases.handle(opening);
  expect(get).not.toHaveBeenCalled();
  await settle('m1');
  get.mockClear();
  expect(
    await cases.handle(completed('m1', answered('classify', 0.9, 'big') as { answer: StepAnswer })),
  ).toEqual([]);
  expect(get).not.toHaveBeenCalled();
});

it('finds out by its write that another process has had the message before', async () => {
  const other = process();
  const outputs = await other.handle(received('m1'));
  await other.handle(completed('m1', answers[0] as { answer: StepAnswer }));
  expect(await cases.handle(received('m1'))).toEqual(outputs);
  const last = await cases.handle(completed('m1', answers[0] as { answer: StepAnswer }));
  expect(ids(last)).toEqual(['m1/decision.made/classify:small']);
  expect(told).toBe(1);
});

it('answers a message that comes again once its case is forgotten, whatever it remembers of its end', async () => {
  const before = await settle('m1');
  nowMs += 8 * 86_400_000;
  expect(ids(await settle('m1'))).toEqual(ids(before));
});

it('lets a reply go that it remembers from before another process had put it behind an earlier one', async () => {
  const other = process();
  // An answer that overtakes its message: what this process remembers of it waits for nothing.
  await cases.handle(completed('m2', answers[0] as { answer: StepAnswer }));
  await other.handle(received('m1'));
  await other.handle(received('m2'));
  for (const answer of answers.slice(1)) await other.handle(completed('m2', answer));
  for (const answer of answers.slice(0, 3)) await other.handle(completed('m1', answer));
  const outputs = await cases.handle(completed('m1', answers[3] as { answer: StepAnswer }));
  expect(ids(outputs).slice(-2)).toEqual(['m1/message.settled', 'm2/message.settled']);
});

it('decides once where two topics of one message are handled at the same time', async () => {
  await Promise.all([
    cases.handle(received('m1')),
    ...answers.slice(0, 3).map((answer) => cases.handle(completed('m1', answer))),
  ]);
  expect(told).toBe(4);
});

describe('a full budget', () => {
  const midnight = 10 * 3_600_000;
  const queue: Policy = {
    ...policy,
    budgets: {
      caps: [{ per: 'day', nanos: 1n }],
      atCap: { rule: 'queue', longestWaitMs: 24 * 3_600_000 },
    },
  };
  const reply = (name: string, input: Input): Arrival =>
    arrival('m1', 'step.completed', input as Arrival['input'], `m1/step.completed/${name}`);
  const rings = (dueAtMs: number): Promise<readonly Outgoing[]> =>
    cases.handle(arrival('m1', 'deadline.passed', { type: 'due', dueAtMs }, `due ${dueAtMs}`));

  it('makes the message wait for the reset, and every question and decision an event of its own', async () => {
    cases = process(queue);
    await cases.handle(received('m1'));
    for (const answer of understood.slice(1) as { answer: StepAnswer }[])
      await cases.handle(completed('m1', answer));
    const asked = await cases.handle(completed('m1', answered('classify', 0.2) as { answer: StepAnswer }));
    expect(ids(asked)).toEqual(['m1/decision.made/classify:small', 'm1/polish.requested/classify']);
    const waits = await cases.handle(reply('classify:big', overBudget('classify', 'big', midnight)));
    expect(ids(waits)).toEqual(['m1/decision.made/classify:big:wait-1']);
    // The alarm that was armed for the first deadline rings, and is set to the reset.
    await rings(nowMs + policy.deadlines.smallMs);
    expect(await state.due(Number.MAX_SAFE_INTEGER, 10)).toMatchObject([{ at: midnight }]);
    nowMs = midnight;
    const again = await rings(midnight);
    expect(ids(again)).toEqual(['m1/polish.requested/classify:1']);
    expect(again[0]?.decoded).toMatchObject({ askedBefore: 1 });
    expect(await state.due(Number.MAX_SAFE_INTEGER, 10)).toMatchObject([
      { at: midnight + policy.deadlines.bigMs },
    ]);
    const last = await cases.handle(reply('classify:big:1', answered('classify', 0.9, 'big')));
    expect(ids(last).slice(0, 2)).toEqual(['m1/decision.made/classify:big', 'm1/draft.requested']);
  });
});

describe('the escalation limit', () => {
  it('stops escalations once too many messages escalate, and says so once; then lets them go on', async () => {
    const limited = { ...policy, escalationLimit: { share: 0.5, windowMs: 600_000, minMessages: 3 } };
    const log = { info: vi.fn(), warn: vi.fn() };
    cases = process(limited, log as unknown as Logger);
    const unsure = async (messageId: string): Promise<readonly string[]> => {
      await cases.handle({ ...received(messageId), conversationId: messageId });
      const answer = completed(messageId, answered('classify', 0.2) as { answer: StepAnswer });
      return ids(await cases.handle({ ...answer, conversationId: messageId }));
    };
    for (const id of ['m1', 'm2']) expect(await unsure(id)).toContain(`${id}/polish.requested/classify`);
    for (const id of ['m3', 'm4']) expect(await unsure(id)).toContain(`${id}/review.requested`);
    const figures = { messages: 3, escalated: 2, limit: 0.5 };
    expect(log.warn.mock.calls).toEqual([[figures, expect.stringContaining('too many messages escalate')]]);
    expect(await registry.metrics()).toContain('spillway_escalations_stopped 1');
    nowMs += 600_000;
    expect(await unsure('m6')).toContain('m6/polish.requested/classify');
    expect(log.info.mock.calls).toHaveLength(1);
    expect(await registry.metrics()).toContain('spillway_escalations_stopped 0');
  });

  it('counts a message once, however many of its steps escalate and however often their events come', async () => {
    const limited = { ...policy, escalationLimit: { share: 0.5, windowMs: 600_000, minMessages: 2 } };
    cases = process(limited);
    await cases.handle(received('m1'));
    await cases.handle(received('m1'));
    const answer = completed('m1', answered('classify', 0.2) as { answer: StepAnswer });
    expect(ids(await cases.handle(answer))).toContain('m1/polish.requested/classify');
    expect(ids(await cases.handle(answer))).toContain('m1/polish.requested/classify');
    const second = completed('m1', answered('extract', 0.2) as { answer: StepAnswer });
    expect(ids(await cases.handle(second))).toContain('m1/polish.requested/extract');
    // One of two is not over the limit.
    await cases.handle({ ...received('m2'), conversationId: 'm2' });
    const other = completed('m2', answered('classify', 0.2) as { answer: StepAnswer });
    expect(ids(await cases.handle({ ...other, conversationId: 'm2' }))).toContain(
      'm2/polish.requested/classify',
    );
  });
});
