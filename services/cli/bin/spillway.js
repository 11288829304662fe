#!/usr/bin/env node
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
