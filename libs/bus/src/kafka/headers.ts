/** Slots of the table; a name that finds another one in its slot takes it over. */
const SLOTS = 256;
/** Longer names are read anew each time. */
const LONGEST = 64;

interface Name {
  readonly bytes: Buffer;
  readonly text: string;
}

const known: (Name | undefined)[] = new Array<undefined>(SLOTS).fill(undefined);

/** The name of a header that lies there. Those of our events are few: it makes no string of one that came before. */
export function headerName(buffer: Buffer, from: number, to: number): string {
  const length = to - from;
  if (length === 0 || length > LONGEST) return buffer.toString('utf8', from, to);
  const slot = (length * 31 + (buffer[from] as number) * 7 + (buffer[to - 1] as number)) % SLOTS;
  const name = known[slot];
  if (name !== undefined && isAt(name.bytes, buffer, from, length)) return name.text;
  const bytes = Buffer.from(buffer.subarray(from, to));
  const text = bytes.toString();
  known[slot] = { bytes, text };
  return text;
}

function isAt(bytes: Buffer, buffer: Buffer, from: number, length: number): boolean {
  if (bytes.length !== length) return false;
  for (let at = 0; at < length; at += 1) if (bytes[at] !== buffer[from + at]) return false;
  return true;
}

/** As an assignment, also of a header named `__proto__`. */
export function setHeader<T>(headers: Record<string, T>, name: string, value: T): void {
  if (name !== '__proto__') headers[name] = value;
  else Object.defineProperty(headers, name, { value, configurable: true, enumerable: true, writable: true });
}
