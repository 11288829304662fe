import { createHmac } from 'node:crypto';
import { Fault } from '@spillway/contracts/fault';

/** The lowest rate at which rows may be sampled: at lower ones a single error weighs as much as hundreds of rows. */
export const LEAST_RATE = 0.005;

export interface ShadowDraw {
  /** Secret, so that nobody can write a request that is never looked at. */
  readonly key: string;
  /** Of the request and, where several of its answers are sampled each for itself, of the step. */
  readonly id: string;
  /** Share of requests to sample. Stored with the row: intervals need it. */
  readonly rate: number;
}

/**
 * Whether a request belongs to the shadow sample: HMAC-SHA256 of its id as a number from 0 to 1, below the rate. The same
 * each time it is asked, whatever the request says and whatever was answered; a higher rate only adds requests.
 *
 * @throws Fault `rejected` unless the rate lies between {@link LEAST_RATE} and 1
 */
export function sampled({ key, id, rate }: ShadowDraw): boolean {
  if (!(rate >= LEAST_RATE && rate <= 1)) {
    throw new Fault('rejected', `a shadow rate lies between ${LEAST_RATE} and 1, which ${rate} does not`);
  }
  const draw = createHmac('sha256', key).update(id).digest().readUIntBE(0, 6) / 2 ** 48;
  return draw < rate;
}
