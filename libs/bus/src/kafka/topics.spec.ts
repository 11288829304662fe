import { randomUUID } from 'node:crypto';
import { Fault } from '@spillway/contracts/fault';
import { configureLogs } from '@spillway/telemetry/logger';
import { describe, expect, inject, it, vi } from 'vitest';
import { brokerStages } from './testing/broker-stage.js';
import { checkTopics, createTopics, type PlannedTopic, planTopics } from './topics.js';

configureLogs({ level: 'silent' });
const stage = brokerStages(() => inject('kafkaBrokers'));

const planned = (more: Partial<PlannedTopic> = {}): PlannedTopic => ({
  topic: `kafka-${randomUUID()}`,
  partitions: 2,
  retentionMs: 60_000,
  ...more,
});

const faultOf = (promise: Promise<void>): Promise<Fault> =>
  promise.then(() => expect.fail('it resolved'), Fault.from);

describe('the plan', () => {
  it.each([
    ['message.received', { partitions: 12, retentionMs: 7 * 86_400_000 }],
    ['message.received.router.retry', { partitions: 3, retentionMs: 7 * 86_400_000 }],
    ['message.received.router.dead', { partitions: 1, retentionMs: 30 * 86_400_000, maxBytes: 2_097_152 }],
  ])('has %s', (topic, expected) => {
    expect(planTopics().find((each) => each.topic === topic)).toEqual({ topic, ...expected });
  });

  it('names each topic once', () => {
    const topics = planTopics().map(({ topic }) => topic);
    expect(new Set(topics).size).toBe(topics.length);
  });

  it('follows the settings', () => {
    const [first] = planTopics({ partitions: 3, replication: 2, retentionMs: 5 });
    expect(first).toMatchObject({ partitions: 3, replication: 2, retentionMs: 5 });
  });
});

describe('topics', () => {
  it('are as planned once they are made', async () => {
    const { admin } = await stage();
    const plan = [planned(), planned({ partitions: 3, maxBytes: 2_000_000 })];
    await createTopics(admin, plan);
    await expect(checkTopics(admin, plan)).resolves.toBeUndefined();
  });

  it('are made by several processes at once, and again', async () => {
    const [one, two] = [await stage(), await stage()];
    const plan = [planned(), planned(), planned()];
    await Promise.all(
      [one, two, one, two].map(({ admin }, index) => createTopics(admin, plan.slice(index % 2))),
    );
    await createTopics(two.admin, plan);
    await expect(checkTopics(one.admin, plan)).resolves.toBeUndefined();
  }, 60_000);

  it('are left as they are when they are there', async () => {
    const { admin, topic } = await stage();
    const plan = [planned({ topic: await topic(1), partitions: 4 })];
    await createTopics(admin, plan);
    await expect(checkTopics(admin, plan)).rejects.toMatchObject({ code: 'misconfigured' });
  });

  it('are checked for every problem at once', async () => {
    const { admin, topic } = await stage();
    const missing = planned();
    const small = planned({ topic: await topic(1, { 'retention.ms': '60000' }) });
    const short = planned({ topic: await topic(2, { 'retention.ms': '1000' }) });
    const compacted = planned({
      topic: await topic(2, { 'retention.ms': '60000', 'cleanup.policy': 'compact' }),
    });
    const narrow = planned({
      topic: await topic(2, { 'retention.ms': '60000', 'max.message.bytes': '5000' }),
      maxBytes: 6_000,
    });
    const fault = await faultOf(checkTopics(admin, [missing, small, short, compacted, narrow]));
    expect(fault.code).toBe('misconfigured');
    expect(fault.problems).toEqual([
      { where: missing.topic, message: 'is missing' },
      { where: small.topic, message: 'has 1 partitions, and 2 are planned' },
      { where: short.topic, message: 'keeps records for 1000 ms, and 60000 are planned' },
      { where: compacted.topic, message: 'has the cleanup policy compact, which loses records; set delete' },
      { where: narrow.topic, message: 'takes 5000 bytes at once (max.message.bytes), and 6000 are planned' },
    ]);
  });

  it.each([
    ['longer', '120000'],
    ['for ever', '-1'],
  ])('may keep records %s', async (_, retention) => {
    const { admin, topic } = await stage();
    const plan = [planned({ topic: await topic(2, { 'retention.ms': retention }) })];
    await expect(checkTopics(admin, plan)).resolves.toBeUndefined();
  });

  it('that another process made meanwhile are no problem, beside one that the brokers refuse', async () => {
    const { admin, topic } = await stage();
    const [made, refused] = [planned({ topic: await topic(2) }), planned({ replication: 9 })];
    const list = vi.spyOn(admin, 'listTopics').mockResolvedValueOnce([]);
    const fault = await faultOf(createTopics(admin, [made, refused]));
    expect(fault.problems).toMatchObject([{ where: refused.topic }]);
    list.mockRestore();
  });

  it('that the brokers refuse are named', async () => {
    const { admin } = await stage();
    const [fine, refused] = [planned(), planned({ replication: 9 })];
    const fault = await faultOf(createTopics(admin, [fine, refused]));
    expect(fault).toMatchObject({ code: 'misconfigured', problems: [{ where: refused.topic }] });
    await vi.waitFor(() => checkTopics(admin, [fine]), 10_000);
  });
});
