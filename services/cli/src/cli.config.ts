import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fault, type Problem } from '@spillway/contracts/fault';
import { hostProblem, secretOf } from '@spillway/http/api-keys';
import { z } from 'zod';

/** The example pack, which runs where no other is named. */
const EXAMPLE_PACK = fileURLToPath(new URL('../../../deploy/packs/support', import.meta.url));

const optional = z
  .string()
  .optional()
  .transform((value) => (value === undefined || value.trim() === '' ? undefined : value.trim()));
const url = optional.refine((value) => value === undefined || /^https?:\/\/\S+$/.test(value), {
  message: 'must be an http or https address',
});

const schemes = (...names: readonly string[]) =>
  optional.refine((value) => value === undefined || names.some((name) => value.startsWith(`${name}://`)), {
    message: `must begin with ${names.map((name) => `${name}://`).join(' or ')}`,
  });
const count = optional
  .transform((value) => (value === undefined ? undefined : Number(value)))
  .refine((value) => value === undefined || (Number.isInteger(value) && value > 0), {
    message: 'must be a whole number, 1 or more',
  });

/** A record that waits holds its place on the log: a day is the longest. */
const LONGEST_RETRY_S = 86_400;
const seconds = optional
  .transform((value) => value?.split(',').map((part) => Number(part.trim() || Number.NaN)))
  .refine(
    (value) =>
      value === undefined ||
      value.every((each) => Number.isInteger(each) && each > 0 && each <= LONGEST_RETRY_S),
    { message: `must be whole seconds, 1 to ${LONGEST_RETRY_S}, like 10,60,600` },
  );

/** Where the API is, unless SPILLWAY_PORT says otherwise. */
export const API_PORT = 4_800;
const HOUR_MS = 3_600_000;

const schema = z.object({
  SPILLWAY_PACK: optional.transform((path) => resolve(path ?? EXAMPLE_PACK)),
  SPILLWAY_DATA: optional.transform((path) => resolve(path ?? '.spillway')),
  SPILLWAY_HOST: optional.transform((host) => host ?? '127.0.0.1'),
  SPILLWAY_PORT: optional
    .transform((port) => (port === undefined ? undefined : Number(port)))
    .refine((port) => port === undefined || (Number.isInteger(port) && port >= 0 && port <= 65_535), {
      message: 'must be a port, 0 to 65535',
    }),
  SPILLWAY_API_KEYS: optional
    .transform((keys) => (keys ?? '').split(',').flatMap((key) => key.trim() || []))
    .refine((keys) => keys.every((key) => /^[\x21-\x7e]{16,}$/.test(secretOf(key))), {
      message: 'every secret needs 16 visible ASCII characters or more',
    }),
  SPILLWAY_LOG_LEVEL: optional
    .transform((level) => level ?? 'warn')
    .pipe(z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent'])),
  SPILLWAY_RETRY_SECONDS: seconds,
  SMALL_BASE_URL: url,
  SMALL_API_KEY: optional,
  SMALL_MODEL: optional,
  BIG_BASE_URL: url,
  BIG_API_KEY: optional,
  BIG_MODEL: optional,
  OTEL_EXPORTER_OTLP_ENDPOINT: url,
  KAFKA_BROKERS: optional
    .transform((brokers) => brokers?.split(',').flatMap((broker) => broker.trim() || []))
    .refine(
      (brokers) => brokers === undefined || brokers.every((broker) => /^[^\s:/]+:\d{1,5}$/.test(broker)),
      {
        message: 'must be addresses like kafka-1:9092,kafka-2:9092',
      },
    ),
  SPILLWAY_KAFKA_PARTITIONS: count,
  SPILLWAY_KAFKA_REPLICATION: count,
  SPILLWAY_KAFKA_RETENTION_HOURS: count,
  REDIS_URL: schemes('redis', 'rediss'),
  DATABASE_URL: schemes('postgres', 'postgresql'),
});

/** What the environment says of a tier's endpoint; the rest is as the pack's reference model of the tier has it. */
export interface Endpoint {
  readonly baseUrl: string | undefined;
  readonly apiKey: string | undefined;
  readonly model: string | undefined;
}

/** Where Kafka is, and how topics that are missing are made. */
export interface KafkaConfig {
  readonly brokers: readonly string[];
  readonly partitions?: number;
  readonly replication?: number;
  readonly retentionMs?: number;
}

export interface CliConfig {
  readonly pack: string;
  readonly data: string;
  readonly host: string;
  /** To listen on; undefined: `API_PORT`, or any where there is no API. */
  readonly port: number | undefined;
  /** Where the API of this host is looked for. */
  readonly apiPort: number;
  readonly apiKeys: readonly string[];
  readonly logLevel: z.infer<typeof schema>['SPILLWAY_LOG_LEVEL'];
  /** Waits before an event that failed is handled again, and after the last of which it is parked; undefined: as the bus has it. */
  readonly retryDelaysMs: readonly number[] | undefined;
  /** Take the place of the pack's endpoints for every step of the tier. */
  readonly endpoints: { readonly small?: Endpoint; readonly big?: Endpoint };
  readonly otlpEndpoint: string | undefined;
  /** Undefined: the embedded bus. */
  readonly kafka: KafkaConfig | undefined;
  /** Undefined: embedded keyed state. */
  readonly redisUrl: string | undefined;
  /** Undefined: the embedded ledger. */
  readonly databaseUrl: string | undefined;
  /** A variable that the pack names for an endpoint's key. */
  readonly secret: (variable: string) => string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads and checks the whole environment once; `listens` for a command that others can call afterwards.
 * Throws `misconfigured` with every problem at once; no message holds a secret's value.
 */
export function readConfig(
  environment: Environment,
  { listens }: { readonly listens: boolean } = { listens: false },
): CliConfig {
  const parsed = schema.safeParse(environment);
  const problems: readonly Problem[] = [
    ...(parsed.error?.issues ?? []).map(({ path, message }) => ({ where: String(path[0]), message })),
    ...(listens ? openToStrangers(environment) : []),
  ];
  if (!parsed.success || problems.length > 0) {
    throw new Fault('misconfigured', 'the environment is not usable', { problems });
  }
  const env = parsed.data;
  return {
    pack: env.SPILLWAY_PACK,
    data: env.SPILLWAY_DATA,
    host: env.SPILLWAY_HOST,
    port: env.SPILLWAY_PORT,
    apiPort: env.SPILLWAY_PORT ?? API_PORT,
    apiKeys: env.SPILLWAY_API_KEYS,
    logLevel: env.SPILLWAY_LOG_LEVEL,
    retryDelaysMs: env.SPILLWAY_RETRY_SECONDS?.map((each) => each * 1000),
    endpoints: {
      ...endpoint('small', env.SMALL_BASE_URL, env.SMALL_API_KEY, env.SMALL_MODEL),
      ...endpoint('big', env.BIG_BASE_URL, env.BIG_API_KEY, env.BIG_MODEL),
    },
    otlpEndpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT,
    kafka: kafkaOf(env),
    redisUrl: env.REDIS_URL,
    databaseUrl: env.DATABASE_URL,
    secret: (variable) => environment[variable],
  };
}

/** Read apart from the rest, so that it is told beside whatever else is wrong; of keys that are no good that is enough. */
function openToStrangers({ SPILLWAY_HOST, SPILLWAY_API_KEYS }: Environment): readonly Problem[] {
  const keys = schema.shape.SPILLWAY_API_KEYS.safeParse(SPILLWAY_API_KEYS);
  if (!keys.success) return [];
  const host = schema.shape.SPILLWAY_HOST.parse(SPILLWAY_HOST);
  return [hostProblem({ host, apiKeys: keys.data }) ?? []].flat();
}

function kafkaOf(env: z.infer<typeof schema>): KafkaConfig | undefined {
  const {
    KAFKA_BROKERS: brokers = [],
    SPILLWAY_KAFKA_PARTITIONS: partitions,
    SPILLWAY_KAFKA_REPLICATION: replication,
    SPILLWAY_KAFKA_RETENTION_HOURS: hours,
  } = env;
  if (brokers.length === 0) return undefined;
  return {
    brokers,
    ...(partitions === undefined ? {} : { partitions }),
    ...(replication === undefined ? {} : { replication }),
    ...(hours === undefined ? {} : { retentionMs: hours * HOUR_MS }),
  };
}

function endpoint(
  tier: 'small' | 'big',
  baseUrl: string | undefined,
  apiKey: string | undefined,
  model: string | undefined,
): { readonly small?: Endpoint; readonly big?: Endpoint } {
  return baseUrl === undefined && model === undefined ? {} : { [tier]: { baseUrl, apiKey, model } };
}
