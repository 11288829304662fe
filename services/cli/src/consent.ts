import { counted } from '@spillway/confidence/counted';
import { Fault } from '@spillway/contracts/fault';
import { type CallEstimate, mostOfAll } from '@spillway/eval/estimate';
import { dollarsOf, nanosOf } from '@spillway/pack/prices';
import { dollars } from './bill.js';
import type { Terminal } from './terminal.js';

export interface SpendingOptions {
  /** Whatever it costs. */
  readonly yes: boolean;
  /** Dollars that may be spent without a question; nothing is spent where it can be more. */
  readonly maxCostUsd?: string;
}

/** What is to happen before calls are made: they may be, somebody is asked, or why not. */
export type Consent = 'given' | 'ask' | { readonly refused: string };

/**
 * Whether calls that cost at most so many nano-dollars (undefined: unknown) may be made. A limit holds before everything
 * else, `--yes` included; without either a person is asked, and where nobody can be asked nothing is spent.
 *
 * @throws Fault `rejected` for a limit that is no amount of dollars
 */
export function consentTo(
  mostNanos: bigint | undefined,
  { yes, maxCostUsd }: SpendingOptions,
  canAsk: boolean,
): Consent {
  const limit = maxCostUsd === undefined ? undefined : limitOf(maxCostUsd);
  if (mostNanos === 0n) return 'given';
  if (limit !== undefined) {
    if (mostNanos !== undefined && mostNanos <= limit) return 'given';
    return { refused: mostNanos === undefined ? UNPRICED : `it can be more: ${limitFor(mostNanos)}` };
  }
  if (yes) return 'given';
  if (canAsk) return 'ask';
  const within = mostNanos === undefined ? '' : `, or ${limitFor(mostNanos)}`;
  return { refused: `nobody can be asked here: add --yes${within}` };
}

const UNPRICED =
  'no limit can hold what has no price: give the model its prices in models.yaml, or leave the limit out and add --yes';

const CENT = 10_000_000n;

/** In whole cents, so that it can be typed. */
const limitFor = (nanos: bigint): string =>
  `--max-cost-usd ${dollarsOf(((nanos + CENT - 1n) / CENT) * CENT)} covers it`;

function limitOf(text: string): bigint {
  const nanos = nanosOf(text);
  if (nanos !== undefined) return nanos;
  throw new Fault('rejected', 'no such amount', {
    problems: [{ where: '--max-cost-usd', message: 'must be dollars, such as 2.50' }],
  });
}

const count = (number: number): string => number.toLocaleString('en');
const money = (nanos: bigint | undefined): string => dollars(nanos === undefined ? null : Number(nanos));

/** One estimate as a line for whoever is to pay. */
export function estimateLine(estimate: CallEstimate): string {
  const { step, model, embedded, calls, known, inputTokens, outputTokens } = estimate;
  if (embedded) return `${step}: ${model} runs in this process and costs nothing`;
  const there =
    known === 0 ? '' : `, ${counted(known, 'answer')} ${known === 1 ? 'is' : 'are'} there already`;
  if (calls === 0) return `${step}: nothing to ask of ${model}${there}`;
  const tokens = `at most ${count(inputTokens)} tokens in and ${count(outputTokens)} out`;
  return `${step}: ${counted(calls, 'call')} to ${model}${there}; ${tokens}; ${costOf(estimate)}`;
}

function costOf({ onceNanos, mostNanos, pricesFrom }: CallEstimate): string {
  if (onceNanos === undefined) return 'what it costs is unknown, the pack has no price for it now';
  const repeated = mostNanos === onceNanos ? '' : `, ${money(mostNanos)} if every call is repeated`;
  return `at most ${money(onceNanos)}${repeated} (prices of ${pricesFrom})`;
}

/**
 * Says what calls can cost, and asks whether to make them. Embedded models and answers that are there already cost nothing
 * and ask nothing.
 *
 * @throws Fault `rejected` where the cost is not agreed to beforehand and nobody can be asked, with what to type;
 *   `cancelled` when whoever is asked does not agree
 */
export async function agreeOnCost(
  estimates: readonly CallEstimate[],
  options: SpendingOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const most = mostOfAll(estimates);
  const consent = consentTo(most, options, terminal.ask !== undefined);
  for (const estimate of estimates) if (!estimate.embedded) terminal.note(estimateLine(estimate));
  if (consent === 'given') return;
  if (consent !== 'ask') {
    throw new Fault('rejected', `nothing was asked: it can cost ${money(most)}`, {
      problems: [{ where: 'cost', message: consent.refused }],
    });
  }
  const asked = terminal.ask?.(`Go on, for at most ${money(most)}? [y/N] `, signal);
  const answer = await asked?.catch(() => undefined);
  if (/^y(es)?$/i.test(answer?.trim() ?? '')) return;
  throw new Fault('cancelled', 'not agreed to: no call was made');
}
