/** A gap in a template. */
export interface Placeholder {
  readonly name: string;
  /** Words to use when there is no value; absent: nothing is written. */
  readonly fallback?: string;
  /** Characters [start, end) of the template, in UTF-16 code units. */
  readonly start: number;
  readonly end: number;
}

export interface Filled {
  readonly text: string;
  /** Names that had neither value nor fallback, in the order of the template, each once. */
  readonly missing: readonly string[];
}

interface Parsed {
  /** The text before each placeholder, and after the last one: always one more than there are placeholders. */
  readonly literals: readonly string[];
  readonly placeholders: readonly Placeholder[];
}

/** No part of it can match the same characters in two ways: time is linear in the template. */
const placeholder = /\{\{\s*([a-z][a-z0-9_]*)\s*(?:\|([^{}]*))?\}\}/g;

/** Templates come from the pack, so there are few; the bound is for whoever fills texts of another origin. */
const MAX_CACHED = 4_096;
const cache = new Map<string, Parsed>();

function parse(template: string): Parsed {
  const known = cache.get(template);
  if (known !== undefined) return known;
  const literals: string[] = [];
  const placeholders: Placeholder[] = [];
  let end = 0;
  for (const match of template.matchAll(placeholder)) {
    const [whole, name = '', fallback] = match;
    const start = match.index;
    literals.push(template.slice(end, start));
    end = start + whole.length;
    placeholders.push({ name, start, end, ...(fallback === undefined ? {} : { fallback }) });
  }
  literals.push(template.slice(end));
  const parsed = { literals, placeholders };
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(template, parsed);
  return parsed;
}

/**
 * Fills `{{name}}` and `{{name|words to use without it}}` in one pass: what is filled in is never looked at again, so a
 * customer who writes `{{draft}}` gets these nine characters. An absent value and an empty one are the same: the
 * fallback stands in, and without one the place stays empty and the name is listed as missing. Never throws.
 *
 * @example
 * fill('Hi {{customer_name|there}}, order {{order_number}}.', { order_number: 'A-7' });
 * // { text: 'Hi there, order A-7.', missing: [] }
 */
export function fill(template: string, values: Readonly<Record<string, string | undefined>>): Filled {
  const { literals, placeholders } = parse(template);
  let text = literals[0] ?? '';
  const missing: string[] = [];
  for (const [index, { name, fallback }] of placeholders.entries()) {
    const value = (Object.hasOwn(values, name) ? values[name] : undefined) || fallback;
    if (value === undefined && !missing.includes(name)) missing.push(name);
    text += (value ?? '') + (literals[index + 1] ?? '');
  }
  return { text, missing };
}

/** The gaps of a template, in order; a name that stands twice is listed twice. */
export function placeholdersOf(template: string): readonly Placeholder[] {
  return parse(template).placeholders;
}

/** Where double braces stand that are no placeholder, such as `{{Order Number}}`; undefined when there are none. */
export function strayBracesAt(template: string): number | undefined {
  const { literals, placeholders } = parse(template);
  for (const [index, literal] of literals.entries()) {
    const at = literal.search(/\{\{|\}\}/);
    if (at >= 0) return (placeholders[index - 1]?.end ?? 0) + at;
  }
  return undefined;
}
