#!/usr/bin/env -S MALLOC_ARENA_MAX=1 node --max-old-space-size=320 --max-semi-space-size=24 --heap-growing-percent=60
// Arena: one for all threads, which seldom allocate outside of V8's heap; each other keeps some MiB that nobody uses.
// Old space: what is alive fits into half of it; without a bound the heap grows to several times that before it is swept.
// Semi space: room enough for what one message leaves behind to die young.
// Growing: under so tight a bound V8 sweeps the old space whenever a third more lies in it; this makes a third fewer sweeps.
import { existsSync } from 'node:fs';

const [major] = process.versions.node.split('.');
const main = new URL('../dist/main.js', import.meta.url);
if (Number(major) < 24) {
  process.stderr.write(
    `Spillway needs Node 24, this is ${process.versions.node}: run it with npx or npm run.\n`,
  );
  process.exit(3);
}
if (!existsSync(main)) {
  process.stderr.write('Spillway is not built yet: run npm ci (or npm run build) first.\n');
  process.exit(3);
}
await import(main.href);
