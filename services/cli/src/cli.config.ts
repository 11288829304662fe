import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fault } from '@spillway/contracts/fault';
import { secretOf } from '@spillway/http/api-keys';
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

const schema = z.object({
  SPILLWAY_PACK: optional.transform((path) => resolve(path ?? EXAMPLE_PACK)),
  SPILLWAY_DATA: optional.transform((path) => resolve(path ?? '.spillway')),
  SPILLWAY_HOST: optional.transform((host) => host ?? '127.0.0.1'),
  SPILLWAY_PORT: optional
    .transform((port) => Number(port ?? '4800'))
    .refine((port) => Number.isInteger(port) && port >= 0 && port <= 65_535, {
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
  SMALL_BASE_URL: url,
  SMALL_API_KEY: optional,
  SMALL_MODEL: optional,
  BIG_BASE_URL: url,
  BIG_API_KEY: optional,
  BIG_MODEL: optional,
  OTEL_EXPORTER_OTLP_ENDPOINT: url,
});

/** Drivers that other releases have; asking for one must not silently start the embedded one. */
const NOT_YET = { KAFKA_BROKERS: 'Kafka', REDIS_URL: 'Redis', DATABASE_URL: 'PostgreSQL' } as const;

/** What the environment says of a tier's endpoint; the rest is as the pack's reference model of the tier has it. */
export interface Endpoint {
  readonly baseUrl: string | undefined;
  readonly apiKey: string | undefined;
  readonly model: string | undefined;
}

export interface CliConfig {
  readonly pack: string;
  readonly data: string;
  readonly host: string;
  readonly port: number;
  readonly apiKeys: readonly string[];
  readonly logLevel: z.infer<typeof schema>['SPILLWAY_LOG_LEVEL'];
  /** Take the place of the pack's endpoints for every step of the tier. */
  readonly endpoints: { readonly small?: Endpoint; readonly big?: Endpoint };
  readonly otlpEndpoint: string | undefined;
  /** A variable that the pack names for an endpoint's key. */
  readonly secret: (variable: string) => string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads and checks the whole environment once.
 * Throws `misconfigured` with every problem at once; no message holds a secret's value.
 */
export function readConfig(environment: Environment): CliConfig {
  const parsed = schema.safeParse(environment);
  const problems = [
    ...(parsed.error?.issues ?? []).map(({ path, message }) => ({ where: String(path[0]), message })),
    ...Object.entries(NOT_YET).flatMap(([where, name]) =>
      environment[where]
        ? [{ where, message: `the ${name} driver is not part of this release: unset it` }]
        : [],
    ),
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
    apiKeys: env.SPILLWAY_API_KEYS,
    logLevel: env.SPILLWAY_LOG_LEVEL,
    endpoints: {
      ...endpoint('small', env.SMALL_BASE_URL, env.SMALL_API_KEY, env.SMALL_MODEL),
      ...endpoint('big', env.BIG_BASE_URL, env.BIG_API_KEY, env.BIG_MODEL),
    },
    otlpEndpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT,
    secret: (variable) => environment[variable],
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
