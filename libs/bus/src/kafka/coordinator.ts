import { createRequire } from 'node:module';

/** What is used of kafkajs's cluster. */
interface Cluster {
  findGroupCoordinatorMetadata(group: object): Promise<unknown>;
}

const { prototype } = createRequire(import.meta.url)('kafkajs/src/cluster') as {
  readonly prototype: Partial<Cluster>;
};

let mended: boolean | undefined;

/**
 * Lets a consumer look again for the coordinator of its group where no broker could tell of it. kafkajs forgets why: a
 * connection that broke while it asked counts as an error for good, and the consumer stops. False when this kafkajs is
 * another one than the fix was made for; then nothing is changed.
 */
export function mendCoordinatorSearch(): boolean {
  mended ??= patch(prototype);
  return mended;
}

/** For `mendCoordinatorSearch`, on whatever prototype. */
export function patch(cluster: Partial<Cluster>): boolean {
  const find = cluster.findGroupCoordinatorMetadata;
  if (typeof find !== 'function' || !String(find).includes('new KafkaJSGroupCoordinatorNotFound('))
    return false;
  cluster.findGroupCoordinatorMetadata = async function (this: Cluster, group: object): Promise<unknown> {
    try {
      return await find.call(this, group);
    } catch (error) {
      const { name } = error as Error;
      throw name === 'KafkaJSGroupCoordinatorNotFound'
        ? Object.assign(error as Error, { retriable: true })
        : error;
    }
  };
  return true;
}
