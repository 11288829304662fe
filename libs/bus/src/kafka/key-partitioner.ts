import type { ICustomPartitioner } from 'kafkajs';
import { murmur2 } from '../partition.js';

/**
 * Kafka's default choice, as in `partitionOf`: the key decides, and a record without one goes to the next partition
 * that has a leader. kafkajs has it too, in big integers, at many times the cost.
 */
export const keyPartitioner: ICustomPartitioner = () => {
  let turn = 0;
  return ({ partitionMetadata, message }) => {
    if (Buffer.isBuffer(message.key)) return (murmur2(message.key) & 0x7fffffff) % partitionMetadata.length;
    const led = partitionMetadata.filter(({ leader }) => leader >= 0);
    const open = led.length > 0 ? led : partitionMetadata;
    turn = (turn + 1) % open.length;
    return open[turn]?.partitionId ?? 0;
  };
};
