// `npm run bench [-- name …] [--option …]`: runs the benchmarks of test/bench, all of them when none is named, with
// the options that they know.
import { readdirSync } from 'node:fs';
import { arch, cpus, platform } from 'node:os';
import { fileURLToPath } from 'node:url';
import './from-source.mjs';

const folder = new URL('../test/bench/', import.meta.url);
const known = readdirSync(fileURLToPath(folder))
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.slice(0, -'.bench.ts'.length))
  .sort();
const options = process.argv.slice(2).filter((word) => word.startsWith('--'));
const asked = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const unknown = asked.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`no such benchmark: ${unknown.join(', ')}; there are: ${known.join(', ')}\n`);
  process.exit(2);
}
process.stdout.write(
  `${new Date().toISOString().slice(0, 10)} · Node ${process.versions.node} · ${platform()} ${arch()} · ${cpus().length} × ${cpus()[0]?.model.trim()}\n`,
);
for (const name of asked.length > 0 ? asked : known) {
  process.stdout.write(`\n## ${name}\n\n`);
  const { run } = await import(new URL(`${name}.bench.ts`, folder).href);
  await run(options);
}
