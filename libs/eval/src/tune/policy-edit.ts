import { Fault } from '@spillway/contracts/fault';
import { isMap, isScalar, parseDocument, stringify } from 'yaml';
import { expectedSettings, expectedTraffic } from '../expected-traffic.js';
import type { ChosenStep } from './threshold-choice.js';

/** The next version: the day and a number that starts anew each day. */
export function nextVersion(version: string, day: string): string {
  const match = /^(\d{4}-\d{2}-\d{2})\.(\d+)$/.exec(version);
  return match?.[1] === day ? `${day}.${Number(match[2]) + 1}` : `${day}.1`;
}

/** Settings of one task as `policy.yaml` names them. */
export type TaskSettings = Readonly<Record<string, unknown>>;

/**
 * What a tuned step changes of its task; undefined: nothing is proven, and nothing changes. Where keeping none of its
 * answers is the best, the big model answers everything but what has a confidence of 1.
 */
export function chosenSettings(chosen: ChosenStep): TaskSettings | undefined {
  const { choice, options, rows, fingerprint, data, period } = chosen;
  if (choice === undefined) return undefined;
  if (choice.threshold === undefined) return { threshold: 1, certificate: undefined };
  const { threshold, accepted, errors } = choice.threshold;
  const expected = expectedTraffic(chosen.seen, threshold);
  return {
    threshold,
    certificate: {
      target: options.target,
      ...(options.delta === undefined ? {} : { delta: options.delta }),
      mode: options.mode,
      label_source: options.labelSource,
      rows: rows.certify,
      accepted,
      errors,
      data,
      fingerprint,
      ...(expected === undefined ? {} : { expected: expectedSettings(expected) }),
      ...(period === undefined ? {} : { period: `${period.first}/${period.last}` }),
      certified_on: options.day,
    },
  };
}

interface Replacement {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/**
 * The text of `policy.yaml` with new settings of some tasks, a new version and the day of the review. All other bytes,
 * comments among them, stay as they are, so that a reviewer sees nothing but the change. The same text when the settings
 * are in force already. Who reviewed it on another day is taken out. A setting that is `undefined` is taken out.
 *
 * @throws Fault `malformed` for a text that is no policy
 */
export function editPolicy(text: string, day: string, tasks: Readonly<Record<string, TaskSettings>>): string {
  const edits = Object.entries(tasks).flatMap(([task, settings]) => taskEdit(text, task, settings));
  if (edits.length === 0) return text;
  const version = nextVersion(String(parseDocument(text).get('version')), day);
  const heads = [scalarEdit(text, 'version', version), scalarEdit(text, 'reviewed_on', day)];
  return edited(text, [...edits, ...heads, ...withoutReviewer(text)]);
}

/** Who reviewed it on an earlier day has not seen this. */
function withoutReviewer(text: string): readonly Replacement[] {
  const line = /^reviewed_by:.*\n/m.exec(text);
  return line === null ? [] : [{ from: line.index, to: line.index + line[0].length, text: '' }];
}

/**
 * The text of `policy.yaml` with who reviewed it and when. The version stays: none of the rules is another one, and the
 * audit of them goes on.
 */
export const markReviewed = (text: string, day: string, by: string): string =>
  edited(text, [scalarEdit(text, 'reviewed_on', day), scalarEdit(text, 'reviewed_by', by)]);

function edited(text: string, edits: readonly Replacement[]): string {
  return edits
    .toSorted((one, other) => other.from - one.from)
    .reduce((before, { from, to, text: fresh }) => before.slice(0, from) + fresh + before.slice(to), text);
}

/** The task's settings, one a line; nothing where they are the same. */
function taskEdit(text: string, task: string, settings: TaskSettings): readonly Replacement[] {
  const node = parseDocument(text).getIn(['tasks', task], true);
  if (!isMap(node) || node.range === undefined || node.range === null) {
    throw new Fault('malformed', `policy.yaml has no task ${task}`);
  }
  const before = node.toJSON() as TaskSettings;
  const merged = Object.fromEntries(
    Object.entries({ ...before, ...settings }).filter(([, value]) => value !== undefined),
  );
  if (JSON.stringify(before) === JSON.stringify(merged)) return [];
  const [from, to] = node.range;
  const block = stringify(merged, { lineWidth: 0 })
    .trimEnd()
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
  // A block starts on a line of its own, a map in braces after its name.
  const start = text.lastIndexOf(':', from);
  const end = text.slice(from, to).trimEnd().length + from;
  return [{ from: start + 1, to: end, text: `\n${block}` }];
}

function scalarEdit(text: string, key: string, value: string): Replacement {
  const node = parseDocument(text).get(key, true);
  if (!isScalar(node) || node.range === undefined || node.range === null) {
    // After the version, where a reader looks for it.
    const line = text.indexOf('\n', text.search(/^reviewed_on:/m));
    return { from: line, to: line, text: `\n${key}: ${stringify(value).trimEnd()}` };
  }
  return { from: node.range[0], to: node.range[1], text: stringify(value, { lineWidth: 0 }).trimEnd() };
}
