import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Specs run from source: no build, no path aliases.
  resolve: { conditions: ['spillway-source', 'node', 'import', 'module', 'default'] },
  ssr: { resolve: { conditions: ['spillway-source', 'node', 'import', 'module', 'default'] } },
  // Specs lie outside the packages' own configurations, which tell of Nest's decorators.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    include: ['**/src/**/*.spec.ts'],
    testTimeout: 20_000,
  },
});
