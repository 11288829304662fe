// `npm test`: the whole gate. Prints what each part found; the last line counts the tests.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (name) => join(root, 'node_modules/.bin', name);
const report = join(mkdtempSync(join(tmpdir(), 'spillway-')), 'vitest.json');

const parts = [
  ['format and lint', bin('biome'), ['check', '--error-on-warnings']],
  ['types', bin('tsc'), ['-b']],
  ['types of specs', bin('tsc'), ['-p', 'tsconfig.spec.json']],
  ['boundaries', bin('depcruise'), ['libs', 'services', 'test', '--config', '.dependency-cruiser.mjs']],
  ['unused code', bin('knip'), []],
  ['contracts', process.execPath, ['tools/contracts.mjs']],
  [
    'specs and journeys',
    bin('vitest'),
    ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
  ],
];

let failedParts = 0;
for (const [name, command, args] of parts) {
  process.stdout.write(`\n=== ${name}\n`);
  const started = Date.now();
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (error) process.stdout.write(`${error.message}\n`);
  if (status !== 0) failedParts += 1;
  process.stdout.write(
    `=== ${name}: ${status === 0 ? 'ok' : 'FAILED'} (${((Date.now() - started) / 1000).toFixed(1)} s)\n`,
  );
}

let passed = parts.length - failedParts;
let failed = failedParts;
let skipped = 0;
try {
  const counts = JSON.parse(readFileSync(report, 'utf8'));
  passed += counts.numPassedTests;
  failed += counts.numFailedTests;
  skipped = counts.numPendingTests;
} catch (error) {
  process.stdout.write(`the specs left no report: ${error.message}\n`);
  failed += 1;
}
process.stdout.write(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
process.exit(failed > 0 || (skipped > 0 && process.env.CI) ? 1 : 0);
