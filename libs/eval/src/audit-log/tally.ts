import {
  type LogFormat,
  type LoggedCall,
  type LogLine,
  type TokenCounts,
  tokenClasses,
} from './logged-call.js';
import { costOfCall, inputTokensOf, type PriceTable } from './price-table.js';
import { type Step, stepFinder } from './steps.js';

/** Calls added up. Money in nano-dollars: `knownNanos` is of the calls with a known price, `unpriced` counts the others. */
export interface Spend {
  readonly calls: number;
  readonly tokens: TokenCounts;
  readonly knownNanos: bigint;
  readonly unpriced: number;
}

export interface StepSpend extends Spend {
  readonly step: Step;
  /** Line of the file on which its first call stands. */
  readonly firstLine: number;
  readonly models: ReadonlyMap<string, Spend>;
}

/** A reason, how often it was met, and the lines where it was met first. */
export interface ReasonCount {
  readonly reason: string;
  readonly lines: number;
  readonly first: readonly number[];
}

export interface LogTally {
  /** Lines with anything on them: calls, skipped and unreadable ones. */
  readonly lines: number;
  readonly total: Spend;
  readonly steps: readonly StepSpend[];
  readonly formats: ReadonlyMap<LogFormat, number>;
  readonly skipped: readonly ReasonCount[];
  readonly unreadable: readonly ReasonCount[];
  /** Calls whose line has no moment: they were priced at the latest price. */
  readonly undated: number;
  /** Moments of the first and the last call, milliseconds since 1970. */
  readonly firstMs: number | undefined;
  readonly lastMs: number | undefined;
  /** Latest day on which a source of the prices that were used was read; left out where none was used. */
  readonly pricesChecked: string | undefined;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type OpenSpend = Mutable<Omit<Spend, 'tokens'>> & { tokens: Record<keyof TokenCounts, number> };
/** Calls are added up by model alone; what a step and the whole log come to is the sum of these. */
type OpenStep = Pick<StepSpend, 'step' | 'firstLine'> & { models: Map<string, OpenSpend> };

/** Lines named for each reason. */
const NAMED_LINES = 5;
/** Models told apart in a step: a log may name a model a line. */
const MAX_MODELS = 100;

/** Adds up a log line by line, in memory that does not grow with it. */
export function logTally(prices: PriceTable): { add(line: LogLine, number: number): void; sum(): LogTally } {
  const stepOf = stepFinder();
  const steps = new Map<Step, OpenStep>();
  const formats = new Map<LogFormat, number>();
  const reasons = { skipped: reasonCounts(), unreadable: reasonCounts() };
  let [lines, undated] = [0, 0];
  let firstMs: number | undefined;
  let lastMs: number | undefined;
  let pricesChecked: string | undefined;

  function stepSpend(step: Step, firstLine: number): OpenStep {
    const known = steps.get(step);
    if (known !== undefined) return known;
    const added = { step, firstLine, models: new Map<string, OpenSpend>() };
    steps.set(step, added);
    return added;
  }

  function addCall(call: LoggedCall, number: number): void {
    const { startedMs, model, tokens } = call;
    if (startedMs === undefined) undated += 1;
    else {
      firstMs = Math.min(firstMs ?? startedMs, startedMs);
      lastMs = Math.max(lastMs ?? startedMs, startedMs);
    }
    formats.set(call.format, (formats.get(call.format) ?? 0) + 1);
    const row = prices.rowFor(model, startedMs, inputTokensOf(tokens));
    const cost = costOfCall(tokens, row);
    if (cost !== undefined && row !== undefined && (pricesChecked ?? '') < row.checked) {
      pricesChecked = row.checked;
    }
    const step = stepSpend(stepOf(call), number);
    addTo(modelSpend(step, model), tokens, cost);
  }

  return {
    add(line, number) {
      lines += 1;
      if (line.kind === 'call') addCall(line.call, number);
      else reasons[line.kind].add(line.reason, number);
    },
    sum() {
      const spent = [...steps.values()].map((step) => ({ ...step, ...sumOf(step.models.values()) }));
      return {
        lines,
        total: sumOf(spent),
        steps: spent,
        formats,
        skipped: reasons.skipped.all(),
        unreadable: reasons.unreadable.all(),
        undated,
        firstMs,
        lastMs,
        pricesChecked,
      };
    },
  };
}

const openSpend = (): OpenSpend => ({
  calls: 0,
  knownNanos: 0n,
  unpriced: 0,
  tokens: {
    input: 0,
    cachedInput: 0,
    cacheWrite: 0,
    cacheWriteLong: 0,
    output: 0,
    reasoning: 0,
    audio: 0,
  },
});

function modelSpend(step: OpenStep, model: string): OpenSpend {
  const name = step.models.has(model) || step.models.size < MAX_MODELS ? model : '(other models)';
  const known = step.models.get(name);
  if (known !== undefined) return known;
  const added = openSpend();
  step.models.set(name, added);
  return added;
}

function addTo(spend: OpenSpend, tokens: TokenCounts, cost: bigint | undefined): void {
  spend.calls += 1;
  addTokens(spend, tokens);
  if (cost === undefined) spend.unpriced += 1;
  else spend.knownNanos += cost;
}

function addTokens(spend: OpenSpend, tokens: TokenCounts): void {
  for (const each of tokenClasses) spend.tokens[each] += tokens[each];
}

function sumOf(parts: Iterable<Spend>): Spend {
  const sum = openSpend();
  for (const { calls, tokens, knownNanos, unpriced } of parts) {
    sum.calls += calls;
    sum.knownNanos += knownNanos;
    sum.unpriced += unpriced;
    addTokens(sum, tokens);
  }
  return sum;
}

/** Reasons are few: they hold nothing of a line. */
function reasonCounts() {
  const counts = new Map<string, { reason: string; lines: number; first: number[] }>();
  return {
    add(reason: string, number: number): void {
      const known = counts.get(reason) ?? { reason, lines: 0, first: [] };
      known.lines += 1;
      if (known.first.length < NAMED_LINES) known.first.push(number);
      counts.set(reason, known);
    },
    all: (): readonly ReasonCount[] => [...counts.values()].sort((left, right) => right.lines - left.lines),
  };
}
