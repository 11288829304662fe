import { type ServedCall, startModelServer } from '../../libs/models/src/testing/model-server.js';
import type { Call } from './calls.js';
import type { Journal } from './journal.js';
import { randomFrom, seedOf } from './random.js';

/** A message with this in it gets no usable classification, from any model. */
export const POISON = 'Zqx-unreadable';
/** Milliseconds of the longest call. */
export const LONGEST_CALL_MS = 2_500;
const LONG_SHARE = 0.01;

export interface ModelEndpoint {
  readonly baseUrl: string;
  readonly calls: readonly Call[];
  close(): Promise<void>;
}

/** Both models behind one address; each call takes a time that follows from its id, and is logged with its caller. */
export async function startModelEndpoint(journal: Journal): Promise<ModelEndpoint> {
  const calls: Call[] = [];
  const server = await startModelServer({
    keepCalls: false,
    onCall({ idempotencyKey = '', authorization = '' }, response) {
      const call: Call = {
        id: decodeURI(idempotencyKey),
        by: authorization.replace('Bearer ', ''),
        startedAt: Date.now(),
      };
      calls.push(call);
      response.once('close', () => {
        call.endedAt = Date.now();
        call.end = response.writableFinished ? 'answered' : 'broken off';
        journal.note('calls', call);
      });
    },
  });
  server.always((call) =>
    isPoisoned(call) ? { kind: 'off the schema' } : { kind: 'slow', ms: latencyOf(call) },
  );
  return {
    baseUrl: server.baseUrl,
    calls,
    async close() {
      // What nobody waits for any more has no end of its own.
      for (const call of calls) if (call.end === undefined) journal.note('calls', call);
      await server.close();
    },
  };
}

const isPoisoned = ({ step, body }: ServedCall): boolean =>
  step === 'classify' && (body.messages.at(-1)?.content.includes(POISON) ?? false);

function latencyOf({ idempotencyKey = '', body }: ServedCall): number {
  const random = randomFrom(seedOf(idempotencyKey));
  if (random.share() < LONG_SHARE) return LONGEST_CALL_MS;
  return body.model === 'big' ? random.whole(200, 900) : random.whole(60, 300);
}
