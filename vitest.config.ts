import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Specs run from source: no build, no path aliases.
  resolve: { conditions: ['spillway-source', 'node'] },
  ssr: { resolve: { conditions: ['spillway-source', 'node'] } },
  // Specs lie outside the packages' own configurations, which tell of Nest's decorators.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    include: ['**/src/**/*.spec.ts'],
    globalSetup: ['test/servers/global-setup.ts'],
    testTimeout: 20_000,
    // Journeys wait for processes and servers more than they compute: on two cores one worker would leave one idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
