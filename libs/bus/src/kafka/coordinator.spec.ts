import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { mendCoordinatorSearch, patch } from './coordinator.js';

interface Cluster {
  brokerPool: object;
  logger: object;
  retrier: object;
  findGroupCoordinator(group: object): Promise<unknown>;
}

const load = createRequire(import.meta.url);
const Cluster = load('kafkajs/src/cluster') as { readonly prototype: Cluster };
const createRetry = load('kafkajs/src/retry') as (options: object) => object;
const { KafkaJSConnectionError, KafkaJSNonRetriableError } = load('kafkajs/src/errors') as Record<
  string,
  new (
    words: string,
  ) => Error
>;

/** A cluster of one broker, which fails in this way when it is asked for the coordinator. */
function clusterThat(withBroker: () => Promise<unknown>): Cluster {
  const cluster = Object.create(Cluster.prototype) as Cluster;
  cluster.logger = { debug: () => undefined };
  cluster.retrier = createRetry({ retries: 0 });
  cluster.brokerPool = { withBroker };
  return cluster;
}

const search = (withBroker: () => Promise<unknown>): Promise<unknown> =>
  clusterThat(withBroker).findGroupCoordinator({ groupId: 'g' });

describe('the search for the coordinator of a group', () => {
  it('broker away while it is asked: may be made again, so that the consumer starts again', async () => {
    expect(mendCoordinatorSearch()).toBe(true);
    // What kafkajs makes of any error of any broker.
    const lost = search(async () => null);
    await expect(lost).rejects.toMatchObject({ name: 'KafkaJSGroupCoordinatorNotFound', retriable: true });
  });

  it.each([
    ['may be made again', KafkaJSConnectionError, true],
    ['may not', KafkaJSNonRetriableError, false],
  ])('keeps every other error as it is: one that %s', async (_, error, retriable) => {
    mendCoordinatorSearch();
    const failed = search(async () => {
      throw new (error as new (words: string) => Error)('gone');
    });
    await expect(failed).rejects.toMatchObject({ message: 'gone', retriable });
  });

  it('is left alone in a kafkajs that searches otherwise', () => {
    expect(patch({})).toBe(false);
    expect(patch({ findGroupCoordinatorMetadata: async () => undefined })).toBe(false);
  });
});
