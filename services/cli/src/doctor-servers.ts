import { Fault } from '@spillway/contracts/fault';
import type { CliConfig } from './cli.config.js';
import type { Finding } from './finding.js';
import { openLedger, openState, requireTopics } from './stores.js';

interface Check {
  readonly check: string;
  readonly place: string;
  /** What `unavailable` means here. */
  readonly fix: string;
  readonly look: () => Promise<void>;
}

/** Reaches every server that the environment names, as a service would. */
export function servers(config: CliConfig): Promise<readonly Finding[]> {
  return Promise.all(checksOf(config).map(findingOf));
}

function checksOf(config: CliConfig): readonly Check[] {
  const { kafka, redisUrl, databaseUrl } = config;
  const checks: Check[] = [];
  if (kafka !== undefined) {
    checks.push({
      check: 'kafka',
      place: kafka.brokers.join(','),
      fix: 'start the brokers, or set KAFKA_BROKERS to those that run',
      look: () => requireTopics(kafka, false),
    });
  }
  if (redisUrl !== undefined) {
    checks.push({
      check: 'redis',
      place: new URL(redisUrl).host,
      fix: 'start the server, or set REDIS_URL to one that runs',
      look: async () => (await openState(config)).close(),
    });
  }
  if (databaseUrl !== undefined) {
    checks.push({
      check: 'postgres',
      place: new URL(databaseUrl).host,
      fix: 'start the server, or set DATABASE_URL to one that runs',
      look: async () => (await openLedger(config)).close(),
    });
  }
  return checks;
}

async function findingOf({ check, place, fix, look }: Check): Promise<Finding> {
  try {
    await look();
    return { check, ok: true, found: `${place} answers, and is as it must be` };
  } catch (error) {
    const { code, message, problems } = Fault.from(error);
    const details = problems.map((problem) => `${problem.where} ${problem.message}`).join('; ');
    const found = `${place}: ${message}${details === '' ? '' : ` (${details})`}`;
    return { check, ok: false, found, fix: code === 'unavailable' ? fix : 'mend what is named' };
  }
}
