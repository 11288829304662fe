import { Fault } from '@spillway/contracts/fault';
import { nanosOf } from '@spillway/pack/prices';
import { z } from 'zod';
import listPrices from './list-prices.json' with { type: 'json' };
import { type TokenClass, type TokenCounts, tokenClasses } from './logged-call.js';

/** Prices in nano-dollars for a million tokens. */
type ClassPrices = Readonly<Partial<Record<TokenClass, bigint>>>;

export interface PriceRow {
  readonly model: string;
  /** ISO date from which it holds; left out: since there is the model, as far as the source tells. */
  readonly from?: string | undefined;
  /** Longest prompt that it holds for, in tokens of all classes of input. */
  readonly upToInputTokens?: number | undefined;
  readonly perMillion: ClassPrices;
  readonly source: string;
  /** ISO date on which the source said so. */
  readonly checked: string;
}

const dollars = z.string().transform((text, context) => {
  const nanos = nanosOf(text);
  if (nanos !== undefined) return nanos;
  context.addIssue('must be dollars as a decimal in quotes, such as "0.10"');
  return z.NEVER;
});

const row = z.strictObject({
  model: z.string().min(1),
  from: z.iso.date().optional(),
  up_to_input_tokens: z.number().int().positive().optional(),
  input: dollars.optional(),
  cached_input: dollars.optional(),
  cache_write: dollars.optional(),
  cache_write_long: dollars.optional(),
  output: dollars.optional(),
  reasoning: dollars.optional(),
  audio: dollars.optional(),
  source: z.string().min(1),
  checked: z.iso.date(),
});
const file = z.strictObject({ note: z.string().optional(), prices: z.array(row) });

/**
 * Reads a price table: `{"prices": [{"model", "input", "output", …, "source", "checked"}]}`, in dollars for a million tokens
 * as decimals in quotes. A class of tokens that is left out is unknown, except reasoning, which is then billed as output.
 *
 * @throws Fault `malformed` with every problem, each at its place in the table
 */
export function parsePriceTable(json: unknown, where: string): readonly PriceRow[] {
  const parsed = file.safeParse(json);
  if (!parsed.success) {
    throw new Fault('malformed', `${where} is no price table`, {
      problems: parsed.error.issues.map(({ path, message }) => ({
        where: path.join('.') || 'file',
        message,
      })),
    });
  }
  return parsed.data.prices.map((price) => ({
    model: price.model,
    from: price.from,
    upToInputTokens: price.up_to_input_tokens,
    source: price.source,
    checked: price.checked,
    perMillion: classPrices({
      input: price.input,
      cachedInput: price.cached_input,
      cacheWrite: price.cache_write,
      cacheWriteLong: price.cache_write_long,
      output: price.output,
      reasoning: price.reasoning ?? price.output,
      audio: price.audio,
    }),
  }));
}

const classPrices = (prices: Record<TokenClass, bigint | undefined>): ClassPrices =>
  Object.fromEntries(Object.entries(prices).filter(([, price]) => price !== undefined));

/** The list prices that come with the program. */
export const defaultPrices = (): readonly PriceRow[] => parsePriceTable(listPrices, 'list-prices.json');

/** Price rows by model; what costs nothing to look up for each of a million calls. */
export interface PriceTable {
  /**
   * The row that holds for a call: the latest that has begun, and of these the one for the shortest prompts that it fits
   * into. Without a moment the latest of all. Undefined where there is none.
   */
  rowFor(model: string, startedMs: number | undefined, inputTokens: number): PriceRow | undefined;
}

/** Names of one model remembered at most: a log may name a model a line. */
const MAX_REMEMBERED = 1_000;

/** A table of rows, where those of `own` stand in for all others of the same model. */
export function priceTable(own: readonly PriceRow[], rest: readonly PriceRow[]): PriceTable {
  const replaced = new Set(own.map(({ model }) => model));
  const rows = [...own, ...rest.filter(({ model }) => !replaced.has(model))];
  const byModel = Map.groupBy(rows.toSorted(latestThenShortest).map(datedRow), ({ row }) => row.model);
  const remembered = new Map<string, readonly DatedRow[]>();

  function rowsOf(model: string): readonly DatedRow[] {
    const known = remembered.get(model);
    if (known !== undefined) return known;
    const name = namesOf(model).find((each) => byModel.has(each));
    const found = name === undefined ? [] : (byModel.get(name) ?? []);
    if (remembered.size === MAX_REMEMBERED) remembered.clear();
    remembered.set(model, found);
    return found;
  }

  return {
    rowFor(model, startedMs, inputTokens) {
      let begunMs: number | undefined;
      for (const { row, fromMs, upToInputTokens } of rowsOf(model)) {
        if (startedMs !== undefined && fromMs > startedMs) continue;
        begunMs ??= fromMs;
        if (fromMs !== begunMs) return undefined;
        if (inputTokens <= upToInputTokens) return row;
      }
      return undefined;
    },
  };
}

/** A row with what would have to be worked out again for each call. */
interface DatedRow {
  readonly row: PriceRow;
  readonly fromMs: number;
  readonly upToInputTokens: number;
}

const datedRow = (row: PriceRow): DatedRow => ({
  row,
  fromMs: row.from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(row.from),
  upToInputTokens: row.upToInputTokens ?? Number.POSITIVE_INFINITY,
});

const latestThenShortest = (left: PriceRow, right: PriceRow): number =>
  (right.from ?? '').localeCompare(left.from ?? '') ||
  (left.upToInputTokens ?? Number.POSITIVE_INFINITY) - (right.upToInputTokens ?? Number.POSITIVE_INFINITY);

/**
 * Names under which a model may stand in the table: as it is, without the vendor before it, without the day of a snapshot
 * at its end. Other platforms that serve the same model (`azure/…`, `bedrock/…`) have prices of their own.
 */
function namesOf(model: string): readonly string[] {
  const bare = model.replace(/^(?:openai|anthropic)\//, '');
  const undated = bare.replace(/-(?:\d{4}-\d\d-\d\d|\d{8}|latest)(?= \(|$)/, '');
  return [model, bare, undated];
}

const MILLION = 1_000_000n;

/**
 * What a call costs, in nano-dollars: exact, rounded half up once. Undefined when there is no price, or none for a class
 * that has tokens.
 */
export function costOfCall(tokens: TokenCounts, row: PriceRow | undefined): bigint | undefined {
  if (row === undefined) return undefined;
  let sum = 0n;
  for (const each of tokenClasses) {
    const count = tokens[each];
    if (count === 0) continue;
    const price = row.perMillion[each];
    if (price === undefined) return undefined;
    sum += BigInt(count) * price;
  }
  return (sum + MILLION / 2n) / MILLION;
}

export const inputTokensOf = (tokens: TokenCounts): number =>
  tokens.input + tokens.cachedInput + tokens.cacheWrite + tokens.cacheWriteLong;
