import { z } from 'zod';
import { nanosOf } from './prices.js';

const LONGEST_TEXT = 20_000;

/** The end of a block text is a line break that nobody meant. */
const text = z
  .string()
  .overwrite((value) => value.trimEnd())
  .min(1)
  .max(LONGEST_TEXT);
const word = text.max(200);
const name = z
  .string()
  .regex(/^[a-z][a-z0-9_]*$/, 'must be a name of a-z, 0-9 and _, such as order_status')
  .max(64);
const id = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'must be made of letters, digits, dots, - and _')
  .max(128);
const probability = z.number().min(0).max(1);
const count = z.int().min(0).max(1_000_000);
const milliseconds = z.int().min(1).max(3_600_000);

export const isDay = (value: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(value) && new Date(`${value}T00:00:00Z`).toJSON()?.slice(0, 10) === value;
const day = z.string().refine(isDay, 'must be a day that exists, written 2026-01-31');
const moment = z.iso.datetime({ offset: true, error: 'must be a moment such as 2026-01-31T09:30:00Z' });

const locale = z.string().refine(isLocale, 'must be a language tag, such as en, de or pt-BR');
const currency = z
  .string()
  .refine(
    (code) => Intl.supportedValuesOf('currency').includes(code),
    'must be an ISO 4217 code, such as EUR',
  );
const country = z.string().refine(isCountry, 'must be an ISO 3166 code of two letters, such as IE');
const timeZone = z.string().refine(isTimeZone, 'must be a time zone, such as Europe/Dublin');

function isLocale(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag)[0] === tag && new Intl.Locale(tag).language.length <= 3;
  } catch {
    return false;
  }
}

/** Codes with a name in the standard library that are no country. */
const noCountries = new Set(['EU', 'EZ', 'QO', 'UN', 'XA', 'XB', 'ZZ']);
const regions = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });

function isCountry(code: string): boolean {
  // The canonical form of a code that was withdrawn, or never was one (UK), is another code.
  return (
    /^[A-Z]{2}$/.test(code) &&
    !noCountries.has(code) &&
    regions.of(code) !== undefined &&
    Intl.getCanonicalLocales(`und-${code}`)[0] === `und-${code}`
  );
}

function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }) !== undefined;
  } catch {
    return false;
  }
}

const moods = ['negative', 'neutral', 'positive'] as const;

export const brandFile = z.strictObject({
  name: id,
  company: word,
  voice: text,
  currency,
  country,
  time_zone: timeZone,
  salutations: z.record(locale, z.strictObject({ greeting: text, closing: text })),
  wordings: z.array(z.strictObject({ avoid: word, prefer: z.string().max(200) })).default([]),
});

const exampleShape: Readonly<Record<string, string>> = {
  invalid_type: 'must be a text (in quotes when it looks like a number), or { text, mood }',
};

/** A plain text is an example of neutral mood. */
const example = z.preprocess(
  (value) => (typeof value === 'string' ? { text: value, mood: 'neutral' } : value),
  z.strictObject({ text, mood: z.enum(moods) }, { error: (issue) => exampleShape[issue.code] }),
);

export const intentsFile = z.strictObject({
  intents: z
    .array(z.strictObject({ label: name, queue: id, description: text, examples: z.array(example).min(5) }))
    .min(2),
});

export const fieldsFile = z.strictObject({
  fields: z.array(
    z.strictObject({
      name,
      kind: z.enum(['date', 'phone', 'money', 'email', 'pattern']),
      description: text,
      patterns: z.array(z.string().min(1).max(1_000)).default([]),
      normalise: z.enum(['none', 'upper', 'digits']).default('none'),
    }),
  ),
});

export const macrosFile = z.strictObject({
  macros: z.array(z.strictObject({ id, intent: name, locale, title: word, text })),
});

export const promptFile = z.strictObject({ system: text, user: text });

/** Decimal dollars per million tokens, in nano-dollars. */
const dollars = z.string().transform((value, context) => {
  const nanos = nanosOf(value);
  if (nanos !== undefined) return nanos;
  context.addIssue('must be dollars as a decimal text of at most 9 decimals, such as "0.10"');
  return z.NEVER;
});

const price = z.strictObject({
  from: day,
  input_per_million: dollars.optional(),
  cached_input_per_million: dollars.optional(),
  output_per_million: dollars.optional(),
  reasoning_per_million: dollars.optional(),
});

const address = z
  .url({ protocol: /^https?$/, error: 'must be an address that begins with http:// or https://' })
  .refine(isOpen, 'must hold no user name and no password: name a variable in api_key_variable');

function isOpen(url: string): boolean {
  const parsed = URL.parse(url);
  return parsed === null || (parsed.username === '' && parsed.password === '');
}

const choice = z.strictObject({ small: word, big: word });
const samples = z.int().min(2).max(20);
const sampledChoice = choice.extend({ samples: samples.optional() });
const labelledChoice = sampledChoice.extend({ second_opinion: z.boolean().optional() });

/** The same for each task, in the order in which a message passes them. */
const eachTask = <S extends z.ZodType>(schema: S) =>
  z.strictObject({ classify: schema, extract: schema, sentiment: schema, draft: schema, polish: schema });

export const modelsFile = z.strictObject({
  models: z.array(
    z.strictObject({
      name: id,
      driver: z.enum(['embedded', 'openai']),
      tier: z.enum(['small', 'big']),
      model: word,
      base_url: address.optional(),
      api_key_variable: z
        .string()
        .regex(
          /^[A-Z][A-Z0-9_]*$/,
          'must be the name of an environment variable, such as BIG_API_KEY, never a key',
        )
        .optional(),
      timeout_ms: milliseconds.default(30_000),
      max_attempts: z.int().min(1).max(10).default(3),
      concurrency: z.int().min(1).max(10_000).default(16),
      samples: samples.optional(),
      price_source: text.optional(),
      prices: z.array(price).default([]),
    }),
  ),
  // Samples of a reply never agree word for word, and only labels have a classifier beside the endpoint.
  steps: z.strictObject({
    classify: labelledChoice,
    extract: sampledChoice,
    sentiment: labelledChoice,
    draft: choice,
    polish: choice,
  }),
  reference: choice,
});

/** A share that is neither none nor most. */
const share = z.number().gt(0).max(0.5);
const rows = z.int().min(0).max(100_000_000);
const isPeriod = (value: string): boolean => {
  const [first = '', last = '', ...rest] = value.split('/');
  return rest.length === 0 && isDay(first) && isDay(last) && first <= last;
};

/** As many as the detector of moved scores compares. */
const SCORE_BINS = 20;
const scoreCounts = z
  .string()
  .regex(
    new RegExp(`^\\d{1,9}( \\d{1,9}){${SCORE_BINS - 1}}$`),
    `must be ${SCORE_BINS} counts with a space between, from the lowest confidence to the highest`,
  )
  .transform((value) => value.split(' ').map(Number));

const certificate = z.strictObject({
  target: share,
  delta: share.optional(),
  mode: z.enum(['selective', 'joint']).default('selective'),
  label_source: z.enum(['truth', 'agreement']),
  rows: rows.min(1),
  accepted: rows.min(1),
  errors: rows,
  data: z.string().regex(/^sha256:[0-9a-f]{16,64}$/, 'must be sha256: and the hash of the rows'),
  fingerprint: z.string().min(1).max(1_000),
  expected: z
    .strictObject({
      rows: rows.min(1),
      below_threshold: rows,
      out_of_scope: rows.optional(),
      outside_labels: rows.optional(),
      off_schema: rows.optional(),
      scores: scoreCounts,
    })
    .optional(),
  period: z
    .string()
    .refine(isPeriod, 'must be two days, the earlier first, written 2026-10-01/2026-10-31')
    .transform((value) => ({ first: value.slice(0, 10), last: value.slice(11) }))
    .optional(),
  certified_on: day,
});

const taskPolicy = z.strictObject({
  threshold: probability,
  hold_below: probability,
  certificate: certificate.optional(),
  fallback: z.enum(['escalate', 'hold', 'keep']).default('escalate'),
  shadow: z
    .strictObject({
      rate: z.number().min(0.005).max(1),
      spread: z.enum(['even', 'expected_error']).default('even'),
      by: z.enum(['model', 'person']).default('model'),
      on_alarm: z.enum(['escalate', 'tighten']).default('escalate'),
    })
    .optional(),
});

/** Beyond it amounts are no longer exact in every store. */
const MOST_DOLLARS = 9_000_000;
const cap = z.strictObject({
  per: z.enum(['day', 'month']),
  dollars: dollars.refine(
    (nanos) => nanos > 0n && nanos <= BigInt(MOST_DOLLARS) * 1_000_000_000n,
    `must be over 0 and at most ${MOST_DOLLARS}`,
  ),
  model: id.optional(),
});

const capRule = z.discriminatedUnion('rule', [
  z.strictObject({ rule: z.literal('hold') }),
  z.strictObject({
    rule: z.literal('keep_small'),
    floor: probability,
    customer_facing: z.boolean().default(false),
  }),
  z.strictObject({ rule: z.literal('queue'), longest_hours: z.int().min(1).max(744).default(24) }),
]);

/** What is lost by keeping the small model, in points of a hundred. */
const points = z.number().min(0).max(50);
const judgedStep = z.strictObject({ margin_points: points.optional(), floor: probability.optional() });

const evaluation = z.strictObject({
  margin_points: points,
  steps: eachTask(judgedStep).partial().default({}),
});

export const policyFile = z.strictObject({
  version: word,
  reviewed_on: day,
  reviewed_by: z.string().min(1).max(200).optional(),
  tasks: eachTask(taskPolicy),
  customer_facing: z.strictObject({ channels: z.array(word) }),
  depth: z.strictObject({ min_characters: count, min_questions: count, min_attachments: count }),
  always_person: z.array(name),
  deadlines: z.strictObject({ small_ms: milliseconds, big_ms: milliseconds }),
  budgets: z.strictObject({ caps: z.array(cap).min(1), at_cap: capRule }).optional(),
  escalation_limit: z
    .strictObject({
      share: z.number().gt(0).lt(1),
      window_minutes: z.int().min(1).max(1_440),
      min_messages: count.min(1),
    })
    .optional(),
  eval: evaluation.optional(),
});

/** A message is at most 256 KiB, as at the gateway. */
const message = z.string().min(1).max(262_144);

export const classifyLine = z.strictObject({ id, text: message, label: z.string() });
export const sentimentLine = z.strictObject({ id, text: message, label: z.enum(moods) });
export const extractLine = z.strictObject({
  id,
  text: message,
  received_at: moment,
  fields: z.record(z.string(), z.array(z.string().min(1))),
});
export const inboxLine = z.strictObject({
  id,
  channel: word,
  conversation_id: word,
  customer: z.string().max(200).default(''),
  subject: z.string().max(1_000).default(''),
  text: message,
  locale: z.string().max(35).default(''),
  received_at: moment,
  attachment_count: z.int().min(0).max(1_000).default(0),
});
