import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { StepCompletedSchema } from '@spillway/contracts/events';
import { Fault } from '@spillway/contracts/fault';
import type { Calls } from '@spillway/models/runner';

/** Calls that were made before are not made, nor paid for, again. */
export interface CallCache extends Calls {
  /** Whether the answer of a call is in the file. */
  readonly has: (callId: string) => boolean;
  /** Answers that came from the file so far. */
  readonly hits: () => number;
}

/**
 * Keeps the answers of model calls in one file of JSON lines, each as soon as it is there: whoever is killed half way
 * goes on where it stopped. The id of a call must hold everything that the answer follows from (model, prompt, input).
 * Answers that failed are not kept: they are asked for again.
 *
 * @throws Fault `misconfigured` when the file cannot be read or written
 */
export async function openCallCache(path: string): Promise<CallCache> {
  const known = await load(path);
  const running = new Map<string, Promise<Uint8Array>>();
  let hits = 0;
  let writing: Promise<void> = Promise.resolve();
  const keep = (callId: string, bytes: Uint8Array): Promise<void> => {
    const line = `${JSON.stringify([callId, Buffer.from(bytes).toString('base64')])}\n`;
    writing = writing.then(() => appendFile(path, line));
    return writing;
  };
  const make = async (callId: string, work: () => Promise<Uint8Array>): Promise<Uint8Array> => {
    const bytes = await work();
    if (fromBinary(StepCompletedSchema, bytes).result.case !== 'failure') {
      known.set(callId, bytes);
      await keep(callId, bytes);
    }
    return bytes;
  };
  return {
    has: (callId) => known.has(callId),
    hits: () => hits,
    async once(callId, _leaseMs, work) {
      const kept = known.get(callId);
      if (kept !== undefined) {
        hits += 1;
        return { result: kept, recorded: true };
      }
      const already = running.get(callId);
      if (already !== undefined) return { result: await already, recorded: true };
      const call = make(callId, work);
      running.set(callId, call);
      try {
        return { result: await call, recorded: false };
      } finally {
        running.delete(callId);
      }
    },
  };
}

async function load(path: string): Promise<Map<string, Uint8Array>> {
  const known = new Map<string, Uint8Array>();
  let text: string;
  try {
    await mkdir(dirname(path), { recursive: true });
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return known;
    throw new Fault('misconfigured', `${path} cannot be used to keep answers in`, { cause });
  }
  // What was being written when the process ended is half a line: without its end it never was kept.
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  for (const line of whole.split('\n')) {
    const entry = line === '' ? undefined : entryOf(line);
    if (entry !== undefined) known.set(entry[0], entry[1]);
  }
  if (whole.length < text.length) await appendFile(path, '\n');
  return known;
}

/** A half line that another run has ended is no entry. */
function entryOf(line: string): readonly [string, Uint8Array] | undefined {
  try {
    const [callId, bytes] = JSON.parse(line) as [string, string];
    return [callId, new Uint8Array(Buffer.from(bytes, 'base64'))];
  } catch {
    return undefined;
  }
}
