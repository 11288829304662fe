/** A place in a text: [start, end), in UTF-16 code units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

interface Frame {
  /** JSON pointer of the object or list; undefined below the depth that is looked at. */
  readonly pointer: string | undefined;
  readonly start: number;
  readonly list: boolean;
  index: number;
  key: string | undefined;
}

/** Answers of a step are three levels deep. What lies deeper is walked over without being written down. */
const MAX_DEPTH = 4;
const afterScalar = /[\s,\]}]/;

/**
 * Where every value of a JSON text stands, by JSON pointer ('' is the whole). Strings without their quotes, lists and
 * objects with their brackets. The text must be JSON that `JSON.parse` takes; of a key that stands twice the later one
 * counts, as there.
 *
 * @example
 * valueSpans('{"label": "refund"}').get('/label'); // { start: 11, end: 17 }
 */
export function valueSpans(json: string): ReadonlyMap<string, Span> {
  const spans = new Map<string, Span>();
  const open: Frame[] = [];
  const put = (pointer: string | undefined, start: number, end: number): void => {
    if (pointer !== undefined) spans.set(pointer, { start, end });
  };
  let at = 0;
  while (at < json.length) {
    const character = json.charAt(at);
    const inside = open.at(-1);
    if (character === '{' || character === '[') {
      open.push({ pointer: pointerIn(open), start: at, list: character === '[', index: 0, key: undefined });
    } else if (character === '}' || character === ']') {
      const closed = open.pop();
      if (closed !== undefined) put(closed.pointer, closed.start, at + 1);
    } else if (character === ',' && inside !== undefined) {
      inside.index += 1;
      inside.key = undefined;
    } else if (character === '"') {
      const end = endOfString(json, at);
      if (inside !== undefined && !inside.list && inside.key === undefined) {
        inside.key = JSON.parse(json.slice(at, end + 1)) as string;
      } else put(pointerIn(open), at + 1, end);
      at = end;
    } else if (character !== ':' && character.trim() !== '') {
      const length = json.slice(at, at + 64).search(afterScalar);
      const end = length < 0 ? Math.min(json.length, at + 64) : at + length;
      put(pointerIn(open), at, end);
      at = end - 1;
    }
    at += 1;
  }
  return spans;
}

function pointerIn(open: readonly Frame[]): string | undefined {
  const inside = open.at(-1);
  if (inside === undefined) return '';
  if (inside.pointer === undefined || open.length > MAX_DEPTH) return undefined;
  const name = inside.list ? String(inside.index) : (inside.key ?? '');
  return `${inside.pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** Index of the quote that closes the string which opens at `from`. */
function endOfString(json: string, from: number): number {
  for (let at = from + 1; at < json.length; at += 1) {
    const character = json.charAt(at);
    if (character === '\\') at += 1;
    else if (character === '"') return at;
  }
  return json.length;
}
