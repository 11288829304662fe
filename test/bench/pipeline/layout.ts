import { type Server, startServer } from '../../src/server.js';

/** How the services are shared out among processes. */
export interface Layout {
  readonly name: string;
  /** Services of each process; the first one has the API. No names: all. */
  readonly processes: readonly (readonly string[])[];
}

const workers = ['classifier', 'extractor', 'sentiment', 'drafter', 'polisher'];

export const layouts = {
  one: { name: 'one process', processes: [[]] },
  two: { name: 'two processes', processes: [['gateway', 'console', 'router', 'ledger'], workers] },
  three: { name: 'three processes', processes: [['gateway', 'console'], workers, ['router', 'ledger']] },
} as const satisfies Record<string, Layout>;

export const nameOf = (services: readonly string[]): string =>
  services.length === 0 ? 'all services' : services.join('+');

/** Starts the processes of a layout, runs `measure` on them, the one with the API first, and ends them. */
export async function withProcesses<T>(
  { processes }: Layout,
  environment: Readonly<Record<string, string>>,
  measure: (servers: readonly [Server, ...Server[]]) => Promise<T>,
): Promise<T> {
  const servers: Server[] = [];
  try {
    for (const services of processes) servers.push(await startServer(environment, services));
    return await measure(servers as [Server, ...Server[]]);
  } finally {
    await Promise.all(servers.map((server) => server.remove()));
  }
}
