import { seededRandom } from '@spillway/confidence/random';
import type { AnsweredRow } from '../answered-row.js';

/** What specs tune by: nothing is known of prices. */
export const options = {
  step: 'classify',
  mode: 'selective',
  target: 0.05,
  delta: 0.05,
  labelSource: 'truth',
  from: 'eval/classify.jsonl',
  day: '2026-11-24',
  pricing: { small: 'little', big: 'large', projected: false },
} as const;
/** Keeping an answer saves 900 nano-dollars, and asking for it costs 100. */
export const pricing = {
  ...options.pricing,
  pricesFrom: '2026-10-01',
  costs: {
    smallNanos: 100n,
    samples: 1,
    scorerNanos: 0n,
    bigNanos: 1_000n,
    shadowRate: 0.1,
    personNanos: 0n,
  },
};

/** Answers whose raw confidence is too high, with a feature that tells right from wrong better than it does. */
export function answered(count: number, embedded: boolean, seed = 1): readonly AnsweredRow[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, at) => {
    const sure = random();
    return {
      cluster: `${seed}-${at}`,
      label: at % 2 === 0 ? 'refund <b>' : 'order',
      right: random() < (sure > 0.3 ? 0.99 : 0.5),
      signal: { raw: 0.5 + sure / 2, calibrated: sure, embedded, features: { margin: sure } },
      fingerprint: 'model|1',
    };
  });
}
