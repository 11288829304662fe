import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import { type PackProblem, type Place, quoted } from './problems.js';

/** A file of the pack as values, which knows the line of each of them. */
export interface SourceDocument {
  readonly file: string;
  readonly value: unknown;
  readonly problems: readonly PackProblem[];
  /**
   * Where a value stands: `['intents', 2, 'label']`. What is not there is said to be where it is missing: at the
   * deepest part of the path that exists. `offset` is a character of the value's text, for texts of several lines.
   */
  readonly place: (path: readonly PropertyKey[], offset?: number) => Place;
}

/** Behind the first slips the parser has lost its way, and the rest is noise. */
const MAX_SYNTAX_ERRORS = 3;

/** Uses of anchors in one file; more would only serve to blow it up. */
const MAX_ALIASES = 100;

/** Reads one YAML document. Never throws: what is wrong with it is among its problems. */
export function readDocument(file: string, text: string): SourceDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    // The library compares each key with all before it; `duplicateKeys` takes linear time.
    uniqueKeys: false,
    resolveKnownTags: false,
  });
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const problems = [
    ...[...document.errors, ...document.warnings]
      .slice(0, MAX_SYNTAX_ERRORS)
      .map(({ message, pos }) => ({ ...at(pos[0]), message: `is no valid YAML here: ${message}` })),
    ...(document.errors.length > 0 ? [] : [...duplicateKeys(document, at), ...badAliases(document, at)]),
  ];
  return {
    file,
    problems,
    value: problems.length > 0 ? undefined : document.toJS({ maxAliasCount: -1 }),
    place: (path, offset) => {
      const { point, value } = find(document, path);
      if (offset === undefined) return at(point?.range?.[0] ?? 0);
      return { file, line: (at(value?.range?.[0] ?? 0).line ?? 1) + lineInside(value, offset) };
    },
  };
}

/** Duplicates would let the last one win in silence. */
function duplicateKeys(document: Document, at: (offset: number) => Place): PackProblem[] {
  const found: PackProblem[] = [];
  visit(document, {
    Map: (_, map) => {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) {
          const message = `${quoted(String(key.value))} stands here a second time: remove one of the two`;
          found.push({ ...at(key.range?.[0] ?? 0), message });
        }
        seen.add(key.value);
      }
    },
  });
  return found;
}

/**
 * Anchors may repeat a value a few times. What contains itself, or an alias whose value holds aliases again (that is
 * how a short file becomes gigabytes), is refused.
 */
function badAliases(document: Document, at: (offset: number) => Place): PackProblem[] {
  const found: PackProblem[] = [];
  let count = 0;
  visit(document, {
    Alias: (_, alias) => {
      const place = at(alias.range?.[0] ?? 0);
      count += 1;
      if (count > MAX_ALIASES) {
        found.push({ ...place, message: `more than ${MAX_ALIASES} aliases in one file: write them out` });
        return visit.BREAK;
      }
      const target = alias.resolve(document);
      if (target === undefined) {
        found.push({ ...place, message: `*${alias.source} has no anchor: write &${alias.source} before it` });
      } else if (holdsAlias(target)) {
        found.push({ ...place, message: `*${alias.source} repeats something that repeats: write it out` });
      }
      return undefined;
    },
  });
  return found;
}

function holdsAlias(node: Node): boolean {
  let holds = false;
  visit(node, {
    Alias: () => {
      holds = true;
      return visit.BREAK;
    },
  });
  return holds;
}

/** The deepest part of a path that exists: the node to point at (in a map the key) and the value there. */
function find(document: Document, path: readonly PropertyKey[]): { point?: Node; value?: Node } {
  let value = (document.contents ?? undefined) as Node | undefined;
  let point = value;
  for (const step of path) {
    const holder: unknown = isAlias(value) ? value.resolve(document) : value;
    const pair = isMap(holder)
      ? holder.items.find(({ key }) => isScalar(key) && key.value === step)
      : undefined;
    const next = isSeq(holder) ? holder.items[Number(step)] : pair?.value;
    if (pair !== undefined) point = pair.key as Node;
    if (!isNode(next)) break;
    value = next;
    if (pair === undefined) point = next;
  }
  return { ...(point && { point }), ...(value && { value }) };
}

/** Lines of a block text (`|`) stand under each other in the file too; other texts are one place. */
function lineInside(value: Node | undefined, offset: number): number {
  if (!isScalar(value) || value.type !== 'BLOCK_LITERAL') return 0;
  return String(value.value).slice(0, offset).split('\n').length;
}
