import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

type AttributeValue = string | boolean | number | readonly AttributeValue[];

/** One span of an OTLP export, with what the journeys look at. */
export interface ExportedSpan {
  /** `service.name` of the resource. */
  readonly service: string;
  readonly name: string;
  readonly kind: SpanKind;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentId: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly failed: boolean;
}

const KINDS: readonly SpanKind[] = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'];
const STATUS_ERROR = 2;

/** The spans of an `ExportTraceServiceRequest` in protobuf. Throws on bytes that are none. */
export const spansOf = (request: Uint8Array): readonly ExportedSpan[] =>
  messages(read(request), 1).flatMap((resourceSpans) => {
    const resource = messages(resourceSpans, 1).map((fields) => attributesOf(fields, 1))[0];
    const service = String(resource?.['service.name']);
    return messages(resourceSpans, 2)
      .flatMap((scopeSpans) => messages(scopeSpans, 2))
      .map((span) => spanOf(span, service));
  });

const spanOf = (span: Fields, service: string): ExportedSpan => ({
  service,
  name: text(span, 5),
  kind: KINDS[Number(span.get(6)?.[0] ?? 0)] ?? 'internal',
  traceId: hex(span, 1),
  spanId: hex(span, 2),
  parentId: hex(span, 4),
  attributes: attributesOf(span, 9),
  links: messages(span, 13).map((link) => ({ traceId: hex(link, 1), spanId: hex(link, 2) })),
  failed: messages(span, 15).some((status) => Number(status.get(3)?.[0]) === STATUS_ERROR),
});

const attributesOf = (owner: Fields, field: number): Record<string, AttributeValue> =>
  Object.fromEntries(
    messages(owner, field).map((pair) => [text(pair, 1), attributeValue(messages(pair, 2)[0] ?? new Map())]),
  );

function attributeValue(any: Fields): AttributeValue {
  const [found] = any;
  const [field, values] = found ?? [];
  switch (field) {
    case 2:
      return values?.[0] === 1n;
    case 3:
      return Number(BigInt.asIntN(64, values?.[0] as bigint));
    case 4:
      return Buffer.from(BigUint64Array.of(values?.[0] as bigint).buffer).readDoubleLE();
    case 5:
      return messages(messages(any, 5)[0] ?? new Map(), 1).map(attributeValue);
    default:
      return text(any, 1);
  }
}

/** A message as it is on the wire: number of a field to its values. */
type Fields = ReadonlyMap<number, readonly (bigint | Uint8Array)[]>;

/** Generated code would bring a schema of two hundred lines for the ten fields that are looked at. */
function read(bytes: Uint8Array): Fields {
  const reader = new BinaryReader(bytes);
  const fields = new Map<number, (bigint | Uint8Array)[]>();
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    const values = fields.get(field) ?? [];
    fields.set(field, values);
    values.push(valueOn(reader, type));
  }
  return fields;
}

function valueOn(reader: BinaryReader, type: WireType): bigint | Uint8Array {
  switch (type) {
    case WireType.Varint:
      return BigInt(reader.uint64());
    case WireType.Bit64:
      return BigInt(reader.fixed64());
    case WireType.Bit32:
      return BigInt(reader.fixed32());
    default:
      return reader.bytes();
  }
}

const messages = (fields: Fields, field: number): readonly Fields[] =>
  (fields.get(field) ?? []).map((value) => read(value as Uint8Array));

const bytesOf = (fields: Fields, field: number): Buffer =>
  Buffer.from((fields.get(field)?.[0] as Uint8Array | undefined) ?? []);
const text = (fields: Fields, field: number): string => bytesOf(fields, field).toString();
const hex = (fields: Fields, field: number): string => bytesOf(fields, field).toString('hex');
