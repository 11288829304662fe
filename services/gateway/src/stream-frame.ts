import type { DescMessage } from '@bufbuild/protobuf';
import type { BusRecord } from '@spillway/bus/bus';
import { decode, topicOf } from '@spillway/contracts/event';
import { DeadLetteredSchema } from '@spillway/contracts/events';
import { deadTopics, eventSchemas } from '@spillway/contracts/topology';
import { eventJson } from './event-json.js';

const schemas = new Map<string, DescMessage>([
  ...eventSchemas.map((schema) => [topicOf(schema), schema] as const),
  ...deadTopics.map((topic) => [topic, DeadLetteredSchema] as const),
]);

/** Every topic that can be listened to. */
export const streamTopics: readonly string[] = [...schemas.keys()];

/**
 * An event of the log as a server-sent event: its id, its topic as the name, its JSON as the data. An event that
 * cannot be read is shown as a comment, because it is none of the listener's faults.
 */
export function frameOf(record: BusRecord): string {
  const schema = schemas.get(record.topic);
  if (schema === undefined) return `: an event of ${record.topic}\n\n`;
  try {
    const data = JSON.stringify(eventJson(schema, decode(schema, record.value)));
    return `id: ${record.id}\nevent: ${record.topic}\ndata: ${data}\n\n`;
  } catch {
    return `: an event of ${record.topic} that cannot be read\n\n`;
  }
}
