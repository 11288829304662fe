import { topicOf } from '@spillway/contracts/event';
import { subscriptions } from '@spillway/contracts/topology';
import { call, read } from '../src/api.js';
import type { Fleet } from './fleet.js';
import { kafkaClient } from './kafka-client.js';
import type { Role } from './schedule.js';

/** Messages that are looked at one by one. */
const SHOWN = 20;
const roles: readonly Role[] = ['worker', 'router', 'ledger', 'gateway'];

/** Where a run that does not end has come to a halt: groups with their lag, processes with their health, messages. */
export async function whatIsStuck(
  broker: string,
  fleet: Fleet,
  unended: readonly string[],
): Promise<readonly string[]> {
  const parts = await Promise.allSettled([groupsBehind(broker), health(fleet), messagesOpen(fleet, unended)]);
  return parts.flatMap((part) => (part.status === 'fulfilled' ? part.value : [String(part.reason)]));
}

async function groupsBehind(broker: string): Promise<readonly string[]> {
  const admin = kafkaClient(broker, 'stuck').admin();
  await admin.connect();
  try {
    const { groups } = await admin.describeGroups(Object.keys(subscriptions));
    const states = groups.map(
      ({ groupId, state, members }) => `group ${groupId}: ${state}, ${members.length} members`,
    );
    const lags = await Promise.all(
      Object.entries(subscriptions).map(async ([groupId, schemas]) => {
        const committed = await admin.fetchOffsets({ groupId, topics: schemas.map(topicOf) });
        const behind = await Promise.all(
          committed.map(async ({ topic, partitions }) => {
            const ends = await admin.fetchTopicOffsets(topic);
            return partitions.flatMap(({ partition, offset }) => {
              const end = ends.find((each) => each.partition === partition)?.high ?? '0';
              return Math.max(0, Number(offset)) === Number(end)
                ? []
                : [`${groupId} is at ${offset} of ${end} in ${topic}/${partition}`];
            });
          }),
        );
        return behind.flat();
      }),
    );
    return [...states, ...lags.flat()];
  } finally {
    await admin.disconnect();
  }
}

const health = (fleet: Fleet): Promise<readonly string[]> =>
  Promise.all(
    roles
      .flatMap((role) => fleet.ready(role))
      .map(async ({ process, url }) => {
        const { status, body } = await call(`${url}/readyz`);
        return `${process}: /readyz ${status} ${JSON.stringify(body)}`;
      }),
  );

async function messagesOpen(fleet: Fleet, unended: readonly string[]): Promise<readonly string[]> {
  const [gateway] = fleet.ready('gateway');
  if (gateway?.url === undefined) return ['no gateway is there to ask about messages'];
  const { url } = gateway;
  return Promise.all(
    unended.slice(0, SHOWN).map(async (id) => {
      const { status, conversation_id, steps, decisions } = await read(url, id);
      const done = Object.entries(steps).map(
        ([step, { tier, failure }]) => `${step} ${failure?.code ?? tier}`,
      );
      const decided = decisions.map(({ step, tier, verdict }) => `${verdict} ${step} ${tier}`);
      return `${id} of ${conversation_id}: ${status}; ${done.join(', ')}; ${decided.join(', ')}`;
    }),
  );
}
