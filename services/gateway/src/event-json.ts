import type { DescEnum, DescField, DescMessage, Message } from '@bufbuild/protobuf';
import { type Timestamp, timestampDate, timestampMs } from '@bufbuild/protobuf/wkt';
import { exact } from './exact.js';

type Fields = Readonly<Record<string, unknown>>;
type Write = (value: unknown) => unknown;

/** Writes one field of a message into a JSON object. */
type WriteField = (message: Fields, json: Record<string, unknown>) => void;

const writers = new WeakMap<DescMessage, readonly WriteField[]>();

/**
 * An event as the HTTP API writes things: names in snake_case, enums as the words that the API uses (`small`), whole
 * numbers digit by digit, moments in ISO 8601, bytes in base64, null for what is absent.
 */
export function eventJson(schema: DescMessage, message: Message): Fields {
  const json: Record<string, unknown> = {};
  for (const write of writersOf(schema)) write(message as unknown as Fields, json);
  return json;
}

function writersOf(schema: DescMessage): readonly WriteField[] {
  let found = writers.get(schema);
  if (found === undefined) {
    found = schema.fields.map(writerOf);
    writers.set(schema, found);
  }
  return found;
}

function writerOf(field: DescField): WriteField {
  const write = valueWriter(field);
  const { oneof, localName, name } = field;
  if (oneof === undefined) {
    return (message, json) => {
      const value = message[localName];
      json[name] = value === undefined ? null : write(value);
    };
  }
  return (message, json) => {
    const { case: chosen, value } = message[oneof.localName] as { case?: string; value?: unknown };
    if (chosen === localName) json[name] = write(value);
  };
}

function valueWriter(field: DescField): Write {
  switch (field.fieldKind) {
    case 'list': {
      const write = elementWriter(field.enum, field.message);
      return (value) => (value as readonly unknown[]).map(write);
    }
    case 'map': {
      const write = elementWriter(field.enum, field.message);
      return (value) =>
        Object.fromEntries(Object.entries(value as object).map(([key, element]) => [key, write(element)]));
    }
    default:
      return elementWriter(field.enum, field.message);
  }
}

function elementWriter(enumeration: DescEnum | undefined, message: DescMessage | undefined): Write {
  if (enumeration !== undefined) {
    const words = new Map(
      enumeration.values.map(({ number, localName }) => [number, localName.toLowerCase()]),
    );
    return (value) => (value === 0 ? null : (words.get(value as number) ?? null));
  }
  if (message === undefined) return scalar;
  if (message.typeName === 'google.protobuf.Timestamp') return moment;
  return (value) => eventJson(message, value as Message);
}

const scalar: Write = (value) => {
  if (typeof value === 'bigint') return exact(value);
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
};

const moment: Write = (value) =>
  Number.isNaN(new Date(timestampMs(value as Timestamp)).getTime())
    ? null
    : timestampDate(value as Timestamp).toISOString();
