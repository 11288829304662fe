import { setImmediate as turn } from 'node:timers/promises';
import type { BusRecord } from './bus.js';
import type { EmbeddedLog } from './embedded-log.js';

/** Offsets of the log, whatever their topic, that are gone through at once: others want to work meanwhile. */
const STEP = 5_000;
const LIMIT = { records: 500, bytes: 4 * 2 ** 20 };

/** Hands over the records of these topics that lie below `end`, oldest first, until `look` has seen enough. */
export async function scanLog(
  log: EmbeddedLog,
  topics: readonly string[],
  end: number,
  look: (records: readonly BusRecord[]) => Promise<boolean>,
): Promise<void> {
  const reader = log.reader(topics.flatMap((topic) => log.streamsOf(topic)));
  for (let from = 0; from < end; ) {
    const to = Math.min(end, from + STEP);
    const records: BusRecord[] = [];
    reader.read({ from, to }, LIMIT, (_, record) => records.push(record));
    const last = records.at(-1);
    if (last !== undefined && !(await look(records))) return;
    // What was read may end at a limit, before the step does.
    from = last === undefined ? to : last.offset + 1;
    await turn();
  }
}
