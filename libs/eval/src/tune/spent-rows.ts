import { createHash } from 'node:crypto';
import { type DataSpend, maySpend } from '@spillway/confidence/data-spend';
import { Fault, type Problem } from '@spillway/contracts/fault';
import { z } from 'zod';
import type { StepTuning } from './tune-step.js';

/** One certification that looked at the outcomes of its rows: they cannot certify anything else any more. */
export interface Spend extends DataSpend {
  /** ISO day. */
  readonly day: string;
  readonly verdict: string;
}

const line = z.strictObject({
  task: z.string(),
  fit: z.string(),
  data: z.string(),
  mode: z.enum(['selective', 'joint']),
  target: z.number(),
  delta: z.number().optional(),
  day: z.string(),
  verdict: z.string(),
  rows: z.array(z.string()),
  start: z.number().optional(),
  look: z.int().min(1).optional(),
});

/** Reads the record of certifications: JSON lines. Throws Fault `malformed` with the lines that are none. */
export function spendsOf(file: string, text: string): readonly Spend[] {
  const problems: Problem[] = [];
  const spends: Spend[] = [];
  for (const [index, source] of text.split('\n').entries()) {
    if (source.trim() === '') continue;
    const parsed = line.safeParse(jsonOf(source));
    if (parsed.success) spends.push(parsed.data as Spend);
    else problems.push({ where: `${file}:${index + 1}`, message: 'is no record of a certification' });
  }
  if (problems.length === 0) return spends;
  throw new Fault('malformed', 'the record of rows that are spent cannot be read', { problems });
}

function jsonOf(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return undefined;
  }
}

/** Names what was fitted and can change the order of scores: answers of one fingerprint, and their scorer. */
export const fitHash = (fingerprint: string, scorer: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify([fingerprint, scorer ?? null]))
    .digest('hex')
    .slice(0, 32);

/** What a certification spent. */
export const spendOf = ({
  options,
  fingerprint,
  fit,
  data,
  certification,
  certifiedOn,
  start,
}: StepTuning): Spend => ({
  task: options.step,
  fit: fitHash(fingerprint, fit?.scorer),
  data,
  mode: options.mode,
  target: options.target,
  ...(options.delta === undefined ? {} : { delta: options.delta }),
  day: options.day,
  verdict: certification.verdict,
  rows: certifiedOn,
  ...(start === undefined ? {} : { start }),
});

/** Rows of which no outcome could have certified anything are as good as unseen. */
const looked = ({ certification }: StepTuning): boolean =>
  certification.verdict !== 'not_yet' || certification.spent;

/**
 * What the tunings spend beyond what was spent before. A repeated certification spends nothing: its result is the same.
 *
 * @throws Fault `rejected` with every step whose rows are spent, and why
 */
export function newSpends(tunings: readonly StepTuning[], before: readonly Spend[]): readonly Spend[] {
  const problems: Problem[] = [];
  const spends = tunings.filter(looked).flatMap((tuning) => {
    const spend = spendOf(tuning);
    const allowed = maySpend(before, { ...spend, fittedOn: tuning.fittedOn });
    if (allowed.verdict === 'refused') problems.push({ where: spend.task, message: allowed.reason });
    return allowed.verdict === 'allowed' ? [spend] : [];
  });
  if (problems.length === 0) return spends;
  throw new Fault('rejected', 'these rows cannot certify again', { problems });
}
