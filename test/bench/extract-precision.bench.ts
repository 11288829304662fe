import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compileExtractor, type Extractor, type FoundField } from '@spillway/models/extract';
import type { FieldDefinition, FieldKind } from '@spillway/pack/pack';
import { recordedRows } from './recorded-data.js';

const table = new URL('../../libs/models/src/embedded/extract/precision.table.ts', import.meta.url);

type Part = 'train' | 'dev' | 'test';

interface Span {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

interface Row {
  readonly text: string;
  readonly domain?: string;
  readonly spans: readonly Span[];
  readonly values?: Readonly<Record<string, unknown>>;
}

/** A labelled value: where it stands and, where the data say, what it means. */
interface Label extends Span {
  readonly kind: FieldKind;
  /** The values that count as right; undefined: the place decides. */
  readonly values: readonly string[] | undefined;
}

/** A labelled set with the pack that reads it. */
export interface Source {
  readonly name: string;
  readonly extractor: Extractor;
  readonly receivedAtMs: number;
  readonly kinds: Readonly<Record<string, FieldKind>>;
  /** Kinds that are labelled wherever they occur in a row; whatever else is found there is not judged. */
  /** Whether a row without a label holds nothing that a person would find. */
  readonly complete: boolean;
  judged(row: Row): readonly FieldKind[];
  valuesOf(kind: FieldKind, label: unknown): readonly string[] | undefined;
}

const field = (
  name: string,
  kind: FieldKind,
  description: string,
  patterns: string[] = [],
): FieldDefinition => ({
  name,
  kind,
  description,
  patterns,
  normalise: 'none',
});

const brand = (country: string, currency: string, timeZone: string) => ({
  company: '',
  voice: '',
  salutations: {},
  wordings: [],
  country,
  currency,
  timeZone,
});

const NO_CURRENCY = 'ambiguous';

interface Day {
  readonly year?: number;
  readonly month?: number;
  readonly day?: number;
}

const isoOf = ({ year, month, day }: Day): string =>
  [
    String(year),
    ...[month, day].filter((part) => part !== undefined).map((part) => String(part).padStart(2, '0')),
  ].join('-');

function labelledValues(kind: FieldKind, label: unknown): readonly string[] | undefined {
  if (typeof label !== 'object' || label === null) return undefined;
  if (kind === 'money') {
    const { amount, currency } = label as { amount: number; currency: string };
    const currencies = currency === NO_CURRENCY ? ['GBP', 'USD', 'EUR'] : [currency];
    return currencies.map((each) => `${amount.toFixed(2)} ${each}`);
  }
  const period = label as { from?: Day; to?: Day };
  if (period.from === undefined && period.to === undefined) return [isoOf(label as Day)];
  const days = [period.from, period.to].filter((each) => each !== undefined).map(isoOf);
  return days;
}

const nlupp = (name: string): Source => ({
  name,
  extractor: compileExtractor({
    brand: brand('GB', 'GBP', 'Europe/London'),
    fields: [
      field('date', 'date', 'Day of a payment, an arrival or a departure.'),
      field('amount', 'money', 'Sum of a payment, a transfer or a withdrawal.'),
      field('phone', 'phone', 'Telephone number.'),
      field('email', 'email', 'E-mail address.'),
    ],
  }),
  receivedAtMs: Date.UTC(2022, 2, 15, 9),
  kinds: {
    date: 'date',
    date_from: 'date',
    date_to: 'date',
    date_period: 'date',
    amount_of_money: 'money',
  },
  complete: true,
  judged: () => ['date', 'money'],
  valuesOf: labelledValues,
});

/** What the task of each domain asks for, and so labels. Dates are labelled for some of their uses only. */
const JUDGED_BY_DOMAIN: Readonly<Record<string, readonly FieldKind[]>> = {
  airline: ['money', 'phone', 'pattern'],
  finance: ['money'],
  insurance: ['phone', 'pattern'],
  software: ['money'],
};

/** Its text has no punctuation and no @, so it says nothing of e-mail; patterns are of the kind that packs have. */
const multidogo: Source = {
  name: 'multidogo',
  extractor: compileExtractor({
    brand: brand('US', 'USD', 'America/New_York'),
    fields: [
      field('date', 'date', 'Day of a flight, a charge or the last use of a card.'),
      field('amount', 'money', 'Price, charge or transfer.'),
      field('phone', 'phone', 'Telephone number.'),
      field('policy', 'pattern', 'Number of a policy.', [String.raw`\b([a-z]{3} ?\d{9,10})\b`]),
      field('booking', 'pattern', 'Number of a booking.', [
        String.raw`(?:confirmation|booking) (?:number |code )?(?:is )?([a-z]{2,3} ?\d{2,4})\b`,
      ]),
      field('claim', 'pattern', 'Number of a claim.', [
        String.raw`claim (?:number |id |no )?(?:is )?([a-z]{3} ?\d{3})\b`,
      ]),
    ],
  }),
  receivedAtMs: Date.UTC(2018, 8, 12, 12),
  kinds: {
    phone_number: 'phone',
    price: 'money',
    cost: 'money',
    transferamount: 'money',
    charge_amount: 'money',
    policyid: 'pattern',
    booking_confirmation_number: 'pattern',
    claimid: 'pattern',
  },
  complete: false,
  judged: ({ domain = '' }) => JUDGED_BY_DOMAIN[domain] ?? [],
  valuesOf: () => undefined,
};

export const labelledSources: readonly Source[] = [nlupp('nlupp_banking'), nlupp('nlupp_hotels'), multidogo];

export const rowsOf = (source: Pick<Source, 'name'>, part: Part): readonly Row[] =>
  recordedRows<Row>(`extract/${source.name}.${part}.jsonl`);

function labelsOf(row: Row, source: Source): Label[] {
  return row.spans.flatMap((span) => {
    const kind = source.kinds[span.name];
    if (kind === undefined) return [];
    return [{ ...span, kind, values: source.valuesOf(kind, row.values?.[span.name]) }];
  });
}

/** The labels move every date without a year ahead, also one of last week; customers of a shop mean that one. */
const YEAR_IS_FREE = new Set(['no-year', 'numeric-no-year', 'range']);
const YEAR_LENGTH = 4;

function meansTheSame({ value, circumstances }: FoundField, labelled: string): boolean {
  if (!YEAR_IS_FREE.has(circumstances.situation)) return value === labelled;
  return value.slice(YEAR_LENGTH) === labelled.slice(YEAR_LENGTH);
}

const agrees = (found: FoundField, label: Label): boolean =>
  found.circumstances.kind === label.kind &&
  found.start < label.end &&
  label.start < found.end &&
  (label.values === undefined || label.values.some((each) => meansTheSame(found, each)));

const isRight = (found: FoundField, labels: readonly Label[]): boolean =>
  labels.some((label) => agrees(found, label));

/** "Last week" is a label of its own, and no day: finding it is right, missing it is not wrong. */
const PERIOD = 'date_period';

const isEmpty = (labels: readonly Label[]): boolean => labels.every(({ name }) => name === PERIOD);

const isFound = (label: Label, fields: readonly FoundField[]): boolean =>
  fields.some((each) => agrees(each, label));

interface Read {
  readonly source: string;
  readonly row: Row;
  readonly labels: readonly Label[];
  readonly fields: readonly FoundField[];
  /** Of finding nothing, where every kind is labelled and nothing was found. */
  readonly nothing: number | undefined;
}

function read(source: Source, row: Row): Read {
  const { fields, confidence } = source.extractor({
    text: row.text,
    subject: '',
    locale: 'en',
    receivedAtMs: source.receivedAtMs,
  });
  const judged = source.judged(row);
  return {
    source: source.name,
    row,
    labels: labelsOf(row, source).filter(({ kind }) => judged.includes(kind)),
    fields: fields.filter(({ circumstances }) => judged.includes(circumstances.kind)),
    nothing: source.complete && fields.length === 0 ? confidence : undefined,
  };
}

const readAll = (parts: readonly Part[]): Read[] =>
  labelledSources.flatMap((source) =>
    parts.flatMap((part) => rowsOf(source, part)).map((row) => read(source, row)),
  );

interface Count {
  right: number;
  seen: number;
}

function counted(counts: Map<string, Count>, key: string, right: boolean): void {
  const count = counts.get(key) ?? { right: 0, seen: 0 };
  counts.set(key, count);
  count.seen += 1;
  if (right) count.right += 1;
}

const EMAIL_ASSUMED =
  "{ kind: 'email', situation: 'address', near: false, rivals: false, right: 76, seen: 80 }";

/** The counts of the precision table, as the source of its file. */
function tableOf(reads: readonly Read[]): string {
  const cells = new Map<string, Count>();
  const empty = new Map<string, Count>();
  for (const { row, labels, fields, nothing } of reads) {
    for (const found of fields) {
      const { kind, situation, near, rivals } = found.circumstances;
      const key = `kind: '${kind}', situation: '${situation}', near: ${near}, rivals: ${rivals}`;
      counted(cells, key, isRight(found, labels));
    }
    if (nothing !== undefined) {
      counted(empty, `signs: ${/[\d@]/.test(row.text)}`, isEmpty(labels));
    }
  }
  const lines = (counts: Map<string, Count>): string =>
    [...counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, { right, seen }]) => `    { ${key}, right: ${right}, seen: ${seen} },\n`)
      .join('');
  return `import type { PrecisionTable } from './precision.js';

/**
 * Counted by \`node test/bench/extract-precision.bench.ts --write\` on the train and dev parts of NLU++ (banking, hotels)
 * and MultiDoGO; the year of a date that names none is not judged. No set has e-mail addresses: their cell is an
 * assumption, not a count. What parses as an address is one, and what remains is whose it is.
 */
export const measured: PrecisionTable = {
  cells: [
${lines(cells)}    ${EMAIL_ASSUMED},
  ],
  empty: [
${lines(empty)}  ],
};
`;
}

/** Values found and labelled, per source and kind. */
function quality(reads: readonly Read[]): string {
  const found = new Map<string, Count>();
  const labelled = new Map<string, Count>();
  for (const { source, labels, fields } of reads) {
    for (const each of fields) {
      const key = `${source} | ${each.circumstances.kind}`;
      counted(found, key, isRight(each, labels));
    }
    for (const label of labels) {
      if (label.name === PERIOD) continue;
      counted(labelled, `${source} | ${label.kind}`, isFound(label, fields));
    }
  }
  const share = ({ right, seen }: Count = { right: 0, seen: 0 }): string =>
    seen === 0 ? '- | 0' : `${(right / seen).toFixed(3)} | ${seen}`;
  return [...new Set([...found.keys(), ...labelled.keys()])]
    .sort()
    .map((key) => `| ${key} | ${share(found.get(key))} | ${share(labelled.get(key))} |\n`)
    .join('');
}

/** How often values of a stated confidence were right. */
function calibration(reads: readonly Read[]): string {
  const bins = new Map<number, { stated: number; right: number; seen: number }>();
  const add = (stated: number, right: boolean): void => {
    const bin = Math.min(9, Math.floor(stated * 10));
    const count = bins.get(bin) ?? { stated: 0, right: 0, seen: 0 };
    bins.set(bin, count);
    count.stated += stated;
    count.seen += 1;
    if (right) count.right += 1;
  };
  for (const { labels, fields, nothing } of reads) {
    for (const each of fields) add(each.confidence, isRight(each, labels));
    if (nothing !== undefined) add(nothing, isEmpty(labels));
  }
  const rows = [...bins].sort(([a], [b]) => a - b);
  const all = rows.reduce((sum, [, { seen }]) => sum + seen, 0);
  const error = rows.reduce((sum, [, { stated, right }]) => sum + Math.abs(stated - right), 0) / all;
  const lines = rows.map(
    ([bin, { stated, right, seen }]) =>
      `| ${(bin / 10).toFixed(1)}-${((bin + 1) / 10).toFixed(1)} | ${seen} | ${(stated / seen).toFixed(3)} | ${(right / seen).toFixed(3)} |\n`,
  );
  return `${lines.join('')}\nexpected calibration error: ${error.toFixed(4)}\n`;
}

/** Mean processor time per message over a year of a real inbox, microseconds. */
function cost(): string {
  const extractor = compileExtractor({
    brand: brand('IE', 'EUR', 'Europe/Dublin'),
    fields: [
      field('order_number', 'pattern', 'Number of an order.', [String.raw`\b(FF-?\d{6})\b`]),
      field('date', 'date', 'Day of the order.'),
      field('amount', 'money', 'Price or refund.'),
      field('email', 'email', 'E-mail address.'),
      field('phone', 'phone', 'Telephone number.'),
    ],
  });
  const inputs = recordedRows<{ text: string; subject: string; locale: string; received_at: string }>(
    'inbox/sumo_2025.jsonl',
  ).map(({ text, subject, locale, received_at }) => ({
    text,
    subject,
    locale,
    receivedAtMs: Date.parse(received_at),
  }));
  for (const input of inputs.slice(0, 3_000)) extractor(input);
  const before = process.cpuUsage();
  for (const input of inputs) extractor(input);
  const { user, system } = process.cpuUsage(before);
  return `${inputs.length} messages of a real inbox: ${((user + system) / inputs.length).toFixed(1)} us each\n`;
}

/** Precision, recall, calibration and cost of extraction on labelled messages that the precision table has not seen. */
export async function run(): Promise<void> {
  const test = readAll(['test']);
  process.stdout.write('| set | kind | precision | found | recall | labelled |\n|---|---|---|---|---|---|\n');
  process.stdout.write(quality(test));
  process.stdout.write('\n| stated confidence | n | mean stated | right |\n|---|---|---|---|\n');
  process.stdout.write(calibration(test));
  process.stdout.write(`\n${cost()}`);
  const current = readFileSync(table, 'utf8');
  const same = current === tableOf(readAll(['train', 'dev']));
  process.stdout.write(`\nprecision table: ${same ? 'as measured' : 'NOT as measured'}\n`);
}

if (import.meta.main) {
  if (process.argv.includes('--write')) {
    writeFileSync(fileURLToPath(table), tableOf(readAll(['train', 'dev'])));
  } else {
    await run();
  }
}
