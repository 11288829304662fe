import { expect, it } from 'vitest';
import { releaseStartMemory } from './start-memory.js';

const heapMib = (): number => process.memoryUsage().heapTotal / 2 ** 20;

it('gives back the heap that was needed once', () => {
  let modules: object[] | undefined = Array.from({ length: 500_000 }, (_, n) => ({ n, text: `module ${n}` }));
  expect(modules).toHaveLength(500_000);
  const full = heapMib();
  modules = undefined;
  releaseStartMemory();
  expect(full - heapMib()).toBeGreaterThan(20);
});
