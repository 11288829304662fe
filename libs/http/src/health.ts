import { Fault, type Problem } from '@spillway/contracts/fault';
import { registry } from '@spillway/telemetry/metrics';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Operation } from './openapi.js';

/** Why the process cannot do its work now, each part that is not ready; empty when it can. */
export type Readiness = () => Promise<readonly Problem[]>;

const healthy = z.object({ status: z.literal('ok') });

/** The calls that operators make. */
export const healthOperations: readonly Operation[] = [
  {
    id: 'live',
    method: 'GET',
    path: '/livez',
    summary: 'Whether the process runs',
    answer: { status: 200, description: 'It does', content: { 'application/json': healthy } },
  },
  {
    id: 'ready',
    method: 'GET',
    path: '/readyz',
    summary: 'Whether the process can do its work',
    answer: { status: 200, description: 'It can', content: { 'application/json': healthy } },
    problems: ['unavailable'],
  },
  {
    id: 'metrics',
    method: 'GET',
    path: '/metrics',
    summary: 'Prometheus metrics',
    answer: {
      status: 200,
      description: 'All metrics of this process',
      content: { 'text/plain': z.string() },
    },
  },
];

/** Serves `/livez`, `/readyz` and `/metrics`. */
export function serveHealth(http: FastifyInstance, readiness: Readiness): void {
  http.get('/livez', async () => ({ status: 'ok' }));
  http.get('/readyz', async () => {
    const problems = await readiness();
    if (problems.length > 0) throw new Fault('unavailable', 'not ready', { problems });
    return { status: 'ok' };
  });
  http.get('/metrics', async (_request, reply) => {
    reply.header('content-type', registry.contentType);
    return registry.metrics();
  });
}
