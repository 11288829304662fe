import { Fault, type Problem } from '@spillway/contracts/fault';
import { nanosOf } from '@spillway/pack/prices';

/** What a projection takes for given. Shares in millionths, money in nano-dollars. */
export interface Assumptions {
  /** Model whose price a small model's calls are taken to have. */
  readonly small: string;
  /** Share of a step's calls that the small model keeps; the others go to the big one as well. */
  readonly keptMillionths: number;
  /** Steps, by label, whose share is another one. */
  readonly keptMillionthsOf: ReadonlyMap<string, number>;
  /** Model whose price a fine-tuned model's calls are taken to have. */
  readonly tuned: string;
  readonly tunedKeptMillionths: number;
  /** What fine-tuning costs for one step: labels, training and evaluation together. */
  readonly trainingNanos: bigint;
}

const defaults: Assumptions = {
  small: 'gpt-4.1-nano',
  keptMillionths: 800_000,
  keptMillionthsOf: new Map(),
  tuned: 'gpt-4.1-mini',
  tunedKeptMillionths: 950_000,
  trainingNanos: 500_000_000_000n,
};

const EXPECTED =
  'small=MODEL, kept=SHARE, kept:STEP=SHARE, tuned=MODEL, tuned-kept=SHARE or training=DOLLARS';

/**
 * Reads assumptions such as `kept=0.8` or `training=500`; those that are left out stay at their defaults.
 *
 * @throws Fault `rejected` with all that cannot be read
 */
export function parseAssumptions(texts: readonly string[]): Assumptions {
  const problems: Problem[] = [];
  const assumed: { -readonly [K in keyof Assumptions]: Assumptions[K] } = { ...defaults };
  const keptOf = new Map<string, number>();
  for (const text of texts) {
    const problem = takeUp(assumed, keptOf, text);
    if (problem !== undefined) problems.push({ where: `--assume ${text}`, message: problem });
  }
  if (problems.length > 0) throw new Fault('rejected', 'an assumption cannot be read', { problems });
  return { ...assumed, keptMillionthsOf: keptOf };
}

function takeUp(
  assumed: { -readonly [K in keyof Assumptions]: Assumptions[K] },
  keptOf: Map<string, number>,
  text: string,
): string | undefined {
  const at = text.lastIndexOf('=');
  const [name, value] = [text.slice(0, Math.max(0, at)), text.slice(at + 1).trim()];
  if (value === '') return `must be ${EXPECTED}`;
  if (name === 'small' || name === 'tuned') {
    assumed[name] = value;
    return undefined;
  }
  if (name === 'training') {
    const nanos = nanosOf(value);
    if (nanos === undefined) return 'must be dollars, such as 500 or 99.50';
    assumed.trainingNanos = nanos;
    return undefined;
  }
  const step = name.startsWith('kept:') ? name.slice('kept:'.length) : undefined;
  if (name !== 'kept' && name !== 'tuned-kept' && step === undefined) return `must be ${EXPECTED}`;
  const millionths = millionthsOf(value);
  if (millionths === undefined) return 'must be a share from 0 to 1, in six decimals at most';
  if (step !== undefined) keptOf.set(step, millionths);
  else assumed[name === 'kept' ? 'keptMillionths' : 'tunedKeptMillionths'] = millionths;
  return undefined;
}

function millionthsOf(text: string): number | undefined {
  const match = /^([01])(?:\.(\d{1,6}))?$/.exec(text);
  if (match === null) return undefined;
  const millionths = Number(`${match[1]}${(match[2] ?? '').padEnd(6, '0')}`);
  return millionths <= 1_000_000 ? millionths : undefined;
}
