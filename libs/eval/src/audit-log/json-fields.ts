export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const nothing: JsonObject = {};

/** The object in a field; an empty one where there is none, so that fields of fields can be asked for. */
export function objectIn(from: JsonObject, field: string): JsonObject {
  const value = from[field];
  return isObject(value) ? value : nothing;
}

/** An object in a field, also where an export wrote it as a string of JSON. */
export function objectOrJsonIn(from: JsonObject, field: string): JsonObject {
  const value = parsedJson(from[field]);
  return isObject(value) ? value : nothing;
}

/** What a string of JSON holds; anything else as it is. */
export function parsedJson(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** Whether an object has any field; a list of its fields would take longer to make than to read. */
export function isEmpty(value: JsonObject): boolean {
  for (const _ in value) return false;
  return true;
}

export function listIn(from: JsonObject, field: string): readonly unknown[] {
  const value = from[field];
  return Array.isArray(value) ? value : [];
}

/** The first of some fields that holds a string with something in it. */
export function textIn(from: JsonObject, ...fields: readonly string[]): string | undefined {
  for (const field of fields) {
    const value = from[field];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

/** A count of tokens: a whole number from 0 that is exact as a number. Undefined where the field is missing, null or no count. */
export function countIn(from: JsonObject, field: string): number | undefined {
  const value = from[field];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** Seconds since 1970 and milliseconds since 1970 cannot be mistaken for each other: this is the year 5138, or March 1973. */
const FIRST_MS = 100_000_000_000;
const LAST_MS = 8_640_000_000_000_000;

/** A moment in milliseconds since 1970: seconds, milliseconds, or ISO 8601 (with a space for the T, and UTC where it has no zone). */
export function momentIn(from: JsonObject, ...fields: readonly string[]): number | undefined {
  for (const field of fields) {
    const ms = momentOf(from[field]);
    if (ms !== undefined) return ms;
  }
  return undefined;
}

function momentOf(value: unknown): number | undefined {
  if (typeof value === 'number' && value > 0) {
    const ms = value < FIRST_MS ? value * 1000 : value;
    return ms <= LAST_MS ? Math.floor(ms) : undefined;
  }
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d/.test(value)) return undefined;
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/i.test(value.slice(10));
  const ms = Date.parse(value.length === 10 || zoned ? value : `${value.replace(' ', 'T')}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}
