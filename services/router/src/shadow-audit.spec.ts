import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { decode, type Outgoing } from '@spillway/contracts/event';
import {
  AuditKind,
  AuditRecordedSchema,
  AuditRequestedSchema,
  LabelSource,
  PolishPurpose,
  PolishRequestedSchema,
  type StepCompleted,
  StepCompletedSchema,
} from '@spillway/contracts/events';
import { Mood, Step, Tier } from '@spillway/contracts/model';
import type { StepAnswer } from '@spillway/policy/case';
import type { Policy } from '@spillway/policy/policy';
import { answered, message, policy, understood } from '@spillway/policy/testing/given';
import { openEmbeddedKeyedState } from '@spillway/store/embedded-keyed-state';
import type { KeyedState } from '@spillway/store/keyed-state';
import { createLogger } from '@spillway/telemetry/logger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { auditFinding } from './audit-output.js';
import { auditKey, ticketKey } from './audit-ticket.js';
import { type Arrival, type CaseProcess, caseProcess } from './case.process.js';
import { escalationGuard } from './escalation-guard.js';

let folder: string;
let state: KeyedState;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-audit-'));
  state = openEmbeddedKeyedState({ path: join(folder, 'state.db') });
});

afterEach(async () => {
  await state.close();
  rmSync(folder, { recursive: true });
});

const key = async () => 'key';

/** Every task audits this share of what it keeps. */
function auditing(rate: number): Policy {
  const task = { ...policy.tasks.classify, shadow: { rate, onAlarm: 'escalate' } } as const;
  const { draft, polish } = policy.tasks;
  return {
    ...policy,
    tasks: { classify: task, extract: task, sentiment: task, draft: { ...task, ...draft }, polish },
  };
}

function casesUnder(inForce: Policy): CaseProcess {
  return caseProcess({
    state,
    policy: () => inForce,
    auditKey: key,
    now: () => 1_000,
    escalations: escalationGuard(undefined, createLogger('router')),
    onActions: () => undefined,
    onTurn: () => undefined,
  });
}

const arrival = (messageId: string, name: string, input: Arrival['input']): Arrival => ({
  topic: name.startsWith('message') ? name : 'step.completed',
  eventId: `${messageId}/${name}`,
  conversationId: 'c1',
  messageId,
  traceparent: '',
  input,
});

async function takeIn(cases: CaseProcess, messageId: string, inputs: readonly object[] = understood) {
  const outputs = [
    ...(await cases.handle(arrival(messageId, 'message.received', { type: 'received', message }))),
  ];
  for (const input of inputs as readonly { readonly answer: StepAnswer }[]) {
    const { step, tier } = input.answer;
    outputs.push(...(await cases.handle(completed(messageId, input.answer, `${step}:${tier}`))));
  }
  return outputs;
}

const completed = (messageId: string, answer: StepAnswer, name: string): Arrival =>
  arrival(messageId, name, { type: 'answered', answer });

const auditsIn = (outputs: readonly Outgoing[]): readonly string[] =>
  outputs.filter(({ id }) => id.endsWith(':audit')).map(({ id }) => id);

describe('what the small model is sure of', () => {
  it('is asked of the big model too where the message is drawn, with no hint of what was found', async () => {
    const outputs = await takeIn(casesUnder(auditing(1)), 'm1');
    expect(auditsIn(outputs)).toEqual([
      'm1/polish.requested/classify:audit',
      'm1/polish.requested/extract:audit',
      'm1/polish.requested/sentiment:audit',
    ]);
    const request = outputs.find(({ id }) => id === 'm1/polish.requested/sentiment:audit') as Outgoing;
    const event = decode(PolishRequestedSchema, request.value);
    expect(event).toMatchObject({
      text: message.text,
      task: Step.SENTIMENT,
      purpose: PolishPurpose.AUDIT,
    });
    expect([event.classification, event.extraction, event.sentiment, event.draft]).toEqual(
      new Array(4).fill(undefined),
    );
  });

  it('holds the message up no more than without an audit', async () => {
    const [with_, without] = [
      await takeIn(casesUnder(auditing(1)), 'm1'),
      await takeIn(casesUnder(policy), 'm2'),
    ];
    const others = with_.filter(({ id }) => !id.endsWith(':audit'));
    expect(others.map(({ id }) => id.slice(2))).toEqual(without.map(({ id }) => id.slice(2)));
  });

  it('is drawn alike when the event comes again', async () => {
    const cases = casesUnder(auditing(1));
    await takeIn(cases, 'm1', []);
    const event = completed('m1', (understood[0] as { answer: StepAnswer }).answer, 'classify:small');
    const first = await cases.handle(event);
    expect(auditsIn(first)).toHaveLength(1);
    expect(await cases.handle(event)).toEqual(first);
  });

  it('is drawn at the rate, whatever was answered', async () => {
    const drawn = async (inputs: readonly object[]) => {
      const cases = casesUnder(auditing(0.25));
      const ids = Array.from({ length: 200 }, (_, n) => `m${n}`);
      const outputs: Outgoing[] = [];
      for (const id of ids) outputs.push(...(await takeIn(cases, `${id}`, inputs)));
      return auditsIn(outputs).map((id) => id.split('/')[0]);
    };
    const sure = await drawn([answered('classify', 0.95)]);
    await state.close();
    rmSync(join(folder, 'state.db'), { force: true });
    state = openEmbeddedKeyedState({ path: join(folder, 'again.db') });
    const surer = await drawn([answered('classify', 1)]);
    expect(surer).toEqual(sure);
    expect(sure.length).toBeGreaterThan(30);
    expect(sure.length).toBeLessThan(70);
  });

  it('is drawn the more often the less sure it is, where the policy asks for that', async () => {
    const inForce = auditing(0.1);
    const { classify } = inForce.tasks;
    // One rate for each half of the confidences from 0.5 on.
    const shadow = { rate: 0.1, rates: [0, 0, 1, 0.005], onAlarm: 'escalate' } as const;
    const cases = casesUnder({
      ...inForce,
      tasks: { ...inForce.tasks, classify: { ...classify, threshold: 0.5, shadow } },
    });
    const drawn = async (name: string, confidence: number) => {
      const ids = Array.from({ length: 20 }, (_, n) => `${name}${n}`);
      const outputs: Outgoing[] = [];
      for (const id of ids) outputs.push(...(await takeIn(cases, id, [answered('classify', confidence)])));
      return auditsIn(outputs).length;
    };
    expect(await drawn('unsure', 0.6)).toBe(20);
    expect(await drawn('sure', 0.9)).toBeLessThan(3);
    const ticket = await state.get('audit:{c1}:unsure0:classify');
    expect(JSON.parse(new TextDecoder().decode(ticket?.value))).toMatchObject({ rate: 1, confidence: 0.6 });
  });

  it.each([
    ['what is not kept', [answered('classify', 0.1)], 0],
    ['what the big model answered', [answered('classify', 0.1), answered('classify', 0.9, 'big')], 0],
    ['a reply, after the three steps before it', [...understood, answered('draft', 0.9)], 3],
  ])('leaves out %s', async (_, inputs, audits) => {
    const outputs = await takeIn(casesUnder(auditing(1)), 'm1', inputs);
    expect(auditsIn(outputs)).toHaveLength(audits);
  });
});

const FOUND = { ...{ conversationId: 'c1', messageId: 'm1' }, tier: Tier.BIG, purpose: PolishPurpose.AUDIT };

const audit = (init: object): StepCompleted =>
  create(StepCompletedSchema, { ...FOUND, completedAt: timestampFromMs(9_000), ...init });

const read = ([event]: readonly Outgoing[]) =>
  event === undefined ? undefined : decode(AuditRecordedSchema, event.value);

describe('what a person is asked to label', () => {
  /** As `auditing`, with people in the place of the big model, for replies too. */
  function asking(rate: number): Policy {
    const { tasks, ...rest } = auditing(rate);
    const shadow = { rate, by: 'person', onAlarm: 'escalate' } as const;
    const asked = (task: Policy['tasks']['draft']) => ({ ...task, shadow });
    const { classify, extract, sentiment, draft, polish } = tasks;
    return {
      ...rest,
      tasks: {
        classify: asked(classify),
        extract: asked(extract),
        sentiment: asked(sentiment),
        draft: asked(draft),
        polish,
      },
    };
  }
  const requestsIn = (outputs: readonly Outgoing[]) =>
    outputs.filter(({ topic }) => topic === 'audit.requested');

  it('is asked with what the draw rests on, and nothing of the answer; no model is asked', async () => {
    const outputs = await takeIn(casesUnder(asking(1)), 'm1', [...understood, answered('draft', 0.9)]);
    expect(requestsIn(outputs).map(({ id, key: by }) => [id, by])).toEqual(
      ['classify', 'extract', 'sentiment', 'draft'].map((step) => [`m1/audit.requested/${step}`, 'c1']),
    );
    expect(auditsIn(outputs)).toEqual([]);
    const [first] = requestsIn(outputs) as [Outgoing];
    expect(decode(AuditRequestedSchema, first.value)).toEqual(
      create(AuditRequestedSchema, {
        conversationId: 'c1',
        messageId: 'm1',
        step: Step.CLASSIFY,
        rate: 1,
        confidence: (understood[0] as { answer: StepAnswer }).answer.confidence as number,
        threshold: 0.7,
        policyVersion: policy.version,
        requestedAt: timestampFromMs(1_000),
      }),
    );
    expect(await state.get(ticketKey('c1', 'm1', 'classify'))).toBeUndefined();
  });

  it('holds the message up no more than without an audit', async () => {
    const inputs = [...understood, answered('draft', 0.9)];
    const asked = await takeIn(casesUnder(asking(1)), 'm1', inputs);
    const without = await takeIn(casesUnder(policy), 'm2', inputs);
    const others = asked.filter((output) => !requestsIn([output]).length);
    expect(others.map(({ id }) => id.slice(2))).toEqual(without.map(({ id }) => id.slice(2)));
    expect(others.at(-1)?.topic).toBe('message.settled');
  });

  it('is asked alike when the event comes again, also once the message is settled', async () => {
    const cases = casesUnder(asking(1));
    await takeIn(cases, 'm1');
    const event = completed('m1', (answered('draft', 0.9) as { answer: StepAnswer }).answer, 'draft:small');
    const first = await cases.handle(event);
    expect(requestsIn(first)).toHaveLength(1);
    expect(await cases.handle(event)).toEqual(first);
  });

  it('is drawn as the big model’s audits are', async () => {
    const ids = Array.from({ length: 40 }, (_, n) => `m${n}`);
    const drawn = async (inForce: Policy, topic: string) => {
      const cases = casesUnder(inForce);
      const outputs: Outgoing[] = [];
      for (const id of ids) outputs.push(...(await takeIn(cases, id, [answered('classify', 0.9)])));
      return outputs.filter((output) => output.topic === topic).map(({ id }) => id.split('/')[0]);
    };
    const people = await drawn(asking(0.25), 'audit.requested');
    await state.close();
    state = openEmbeddedKeyedState({ path: join(folder, 'again.db') });
    expect(await drawn(auditing(0.25), 'polish.requested')).toEqual(people);
    expect(people.length).toBeGreaterThan(0);
  });
});

describe('the big model’s audit', () => {
  it.each([
    ['the same label', { step: Step.CLASSIFY, result: classification('order_status') }, false, ''],
    ['another label', { step: Step.CLASSIFY, result: classification('refund') }, true, ''],
    [
      'the same mood',
      { step: Step.SENTIMENT, result: { case: 'sentiment', value: { mood: Mood.NEUTRAL } } },
      false,
      '',
    ],
    [
      'another mood',
      { step: Step.SENTIMENT, result: { case: 'sentiment', value: { mood: Mood.POSITIVE } } },
      true,
      '',
    ],
    ['no fields either', { step: Step.EXTRACT, result: { case: 'extraction', value: {} } }, false, ''],
    [
      'a field more',
      { step: Step.EXTRACT, result: { case: 'extraction', value: { fields: [{ name: 'a', value: '1' }] } } },
      true,
      '',
    ],
    [
      'no answer at all',
      { step: Step.CLASSIFY, result: { case: 'failure', value: { code: 'over_budget' } } },
      false,
      'over_budget',
    ],
  ])('finds %s', async (_, init, wrong, missing) => {
    await takeIn(casesUnder(auditing(1)), 'm1');
    const outputs = await auditFinding(audit(init), state, key);
    expect(read(outputs)).toMatchObject({
      conversationId: 'c1',
      messageId: 'm1',
      kind: AuditKind.SHADOW,
      source: LabelSource.AGREEMENT,
      wrong,
      missing,
      rate: 1,
      threshold: 0.7,
      policyVersion: policy.version,
      auditedAt: timestampFromMs(9_000),
    });
    expect(await auditFinding(audit(init), state, key)).toEqual(outputs);
  });

  it('comes to nothing where no ticket is left', async () => {
    const late = audit({ step: Step.CLASSIFY, result: classification('refund') });
    expect(await auditFinding(late, state, key)).toEqual([]);
  });

  it('leaves a ticket that holds none of the customer’s words', async () => {
    const fields = [{ name: 'email', value: 'ada@example.org', confidence: 0.9 }];
    const [classify, extract] = understood as readonly { answer: StepAnswer }[];
    const found = { ...extract?.answer, result: { fields } } as unknown as StepAnswer;
    await takeIn(casesUnder(auditing(1)), 'm1', [classify as object, { answer: found }]);
    const entry = await state.get(ticketKey('c1', 'm1', 'extract'));
    const ticket = Buffer.from(entry?.value ?? []).toString();
    expect(JSON.parse(ticket)).toMatchObject({ rate: 1, confidence: 0.9 });
    expect(ticket).not.toContain('ada');
  });
});

describe('an escalated answer', () => {
  const escalated = (confidence: number | undefined, big: object) => [
    answered('classify', confidence),
    { answer: big },
  ];
  const bigOne = (label: string) => ({
    ...(answered('classify', 0.9, 'big') as { answer: StepAnswer }).answer,
    result: { label, queue: '', alternatives: [] },
  });

  it.each([
    ['agrees', 'order_status', false],
    ['does not agree', 'refund', true],
  ])('is a label that costs nothing: the big model %s', async (_, label, wrong) => {
    const outputs = await takeIn(casesUnder(policy), 'm1', escalated(0.4, bigOne(label)));
    const found = outputs.filter(({ topic }) => topic === 'audit.recorded');
    expect(found.map(({ id, key: by }) => [id, by])).toEqual([
      ['m1/audit.recorded/classify:escalated', 'classify'],
    ]);
    expect(read(found)).toMatchObject({
      kind: AuditKind.ESCALATED,
      source: LabelSource.AGREEMENT,
      wrong,
      rate: 1,
      confidence: 0.4,
      threshold: 0.7,
    });
  });

  it('of a model that failed is none', async () => {
    const lost = { answer: { step: 'classify', tier: 'small', failure: 'timed_out' } };
    const outputs = await takeIn(casesUnder(policy), 'm1', [lost, { answer: bigOne('refund') }]);
    expect(outputs.filter(({ topic }) => topic === 'audit.recorded')).toEqual([]);
  });

  it('that nobody waits for is none', async () => {
    const outputs = await takeIn(casesUnder(policy), 'm1', [
      answered('classify', 0.9),
      { answer: bigOne('refund') },
    ]);
    expect(outputs.filter(({ topic }) => topic === 'audit.recorded')).toEqual([]);
  });
});

describe('the secret that draws', () => {
  it('is one for all who ask, at once and later', async () => {
    const keys = await Promise.all([auditKey(state)(), auditKey(state)(), auditKey(state)()]);
    expect(new Set([...keys, await auditKey(state)()]).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
  });
});

function classification(label: string) {
  return { case: 'classification', value: { label } } as const;
}
