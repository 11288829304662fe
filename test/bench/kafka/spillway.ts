import { randomUUID } from 'node:crypto';
import { Controller, type DynamicModule } from '@nestjs/common';
import type { BusRecord } from '@spillway/bus/bus';
import { openKafkaBus } from '@spillway/bus/kafka';
import { On, type Received } from '@spillway/bus/on';
import { serve } from '@spillway/bus/serve';
import { emit, type Outgoing } from '@spillway/contracts/event';
import { MessageReceivedSchema, StepCompletedSchema } from '@spillway/contracts/events';
import { kafkaClient } from './client.js';
import { type Contender, FORWARD_TOPIC, type Item, type Setting } from './contender.js';

const itemOf = ({ id, key, timestamp }: BusRecord): Item => ({ id, key, publishedMs: timestamp });

/** The bus alone: no Nest, no middleware, values as they are. */
export const bareBus: Contender = {
  name: 'Spillway, bus alone',
  async start({ broker, topic, work, slots, forward }) {
    const bus = await openKafkaBus({ brokers: [broker] });
    const subscription = await bus.subscribe({
      group: `bare-${randomUUID()}`,
      topics: [topic],
      slots,
      order: 'key',
      async handle(record) {
        await work(itemOf(record));
        const { key, id, value, headers } = record;
        return forward ? [{ topic: FORWARD_TOPIC, key, id, value, headers }] : [];
      },
    });
    return {
      idle: () => subscription.health().lag === 0,
      stop: async () => {
        await subscription.drain(0);
        await bus.close();
      },
    };
  },
};

/** A group that the topology knows, so that all that a service has is there: trace, retries, dead letters. */
const GROUP = 'classifier';

/** A service as it runs: Nest, middleware, events decoded and encoded. */
export const service: Contender = {
  name: 'Spillway, service in Nest',
  async start({ broker, work, slots, forward }) {
    const bus = await openKafkaBus({ brokers: [broker] });
    const module = workerModule(work, forward);
    const served = await serve({ bus, group: GROUP, module, slots, order: 'key' });
    return {
      idle: () => served.health().lag === 0,
      stop: async () => {
        await served.close(0);
        await bus.close();
        await forget(broker);
      },
    };
  },
};

/** The next service reads from the beginning. */
async function forget(broker: string): Promise<void> {
  const admin = kafkaClient(broker).admin();
  await admin.connect();
  try {
    await admin.deleteGroups([GROUP]);
  } finally {
    await admin.disconnect();
  }
}

function workerModule(work: Setting['work'], forward: boolean): DynamicModule {
  class WorkerController {
    async received({ event, record }: Received<typeof MessageReceivedSchema>): Promise<readonly Outgoing[]> {
      await work(itemOf(record));
      const { conversationId, messageId } = event;
      return forward ? [emit(StepCompletedSchema, { conversationId, messageId }, 'classify:small')] : [];
    }
  }
  class WorkerModule {}
  Controller()(WorkerController);
  const { prototype } = WorkerController;
  const method = Object.getOwnPropertyDescriptor(prototype, 'received') as TypedPropertyDescriptor<
    typeof prototype.received
  >;
  On(MessageReceivedSchema)(prototype, 'received', method);
  return { module: WorkerModule, controllers: [WorkerController] };
}
