import { randomUUID } from 'node:crypto';
import { Controller, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, type KafkaContext, Transport } from '@nestjs/microservices';
import { logLevel } from 'kafkajs';
import type { Contender, Work } from './contender.js';

/** NestJS's own Kafka transport, as its documentation sets it up, with so many partitions at once. */
export const stockNest = (partitionsConsumedConcurrently: number): Contender => ({
  name:
    partitionsConsumedConcurrently === 1
      ? 'stock NestJS, Transport.KAFKA'
      : `stock NestJS, partitionsConsumedConcurrently ${partitionsConsumedConcurrently}`,
  async start({ broker, topic, work }) {
    const app = await NestFactory.createMicroservice(workerModule(topic, work), {
      transport: Transport.KAFKA,
      options: {
        client: { brokers: [broker], logLevel: logLevel.NOTHING },
        consumer: { groupId: `stock-${randomUUID()}` },
        subscribe: { fromBeginning: true },
        ...(partitionsConsumedConcurrently === 1 ? {} : { run: { partitionsConsumedConcurrently } }),
      },
      logger: false,
    });
    await app.listen();
    return { idle: () => false, stop: () => app.close() };
  },
});

function workerModule(topic: string, work: Work): DynamicModule {
  class StockController {
    async received(_value: unknown, context: KafkaContext): Promise<void> {
      const { key, headers, timestamp } = context.getMessage();
      await work({ id: String(headers?.['id']), key: String(key), publishedMs: Number(timestamp) });
    }
  }
  class StockModule {}
  Controller()(StockController);
  const { prototype } = StockController;
  const method = Object.getOwnPropertyDescriptor(prototype, 'received') as PropertyDescriptor;
  EventPattern(topic)(prototype, 'received', method);
  Ctx()(prototype, 'received', 1);
  return { module: StockModule, controllers: [StockController] };
}
