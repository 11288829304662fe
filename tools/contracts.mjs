// The gate's look at the contracts: lint, regenerate and compare, and no change that breaks a reader of old events.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const buf = join(root, 'node_modules/.bin/buf');
const run = (command, args) => spawnSync(command, args, { cwd: root, encoding: 'utf8' });

function check(name, { status, stdout, stderr }, advice) {
  if (status === 0) return true;
  process.stdout.write(`${name} failed. ${advice}\n${stdout}${stderr}\n`);
  return false;
}

const generated = join(root, 'libs/contracts/src/gen');
const before = mkdtempSync(join(tmpdir(), 'spillway-gen-'));
cpSync(generated, before, { recursive: true });
const checks = [
  check('buf lint', run(buf, ['lint']), 'Mend the .proto files.'),
  check('buf generate', run(buf, ['generate']), 'Is the protoc-gen-es package installed?'),
  check(
    'regenerate and compare',
    run('diff', ['-r', before, generated]),
    'The generated code was stale; commit what `npm run generate` wrote.',
  ),
];
rmSync(before, { recursive: true });

// Compared with the newest commit of main that has the contracts; a shallow clone or a fresh repository has none.
const base = ['origin/main', 'main', 'HEAD'].find(
  (ref) => run('git', ['cat-file', '-e', `${ref}:proto`]).status === 0,
);
if (base === undefined) {
  process.stdout.write('buf breaking: no earlier contracts to compare with\n');
} else {
  const against = mkdtempSync(join(tmpdir(), 'spillway-proto-'));
  const archive = execFileSync('git', ['archive', base, 'proto', 'buf.yaml'], { cwd: root });
  execFileSync('tar', ['-x', '-C', against], { input: archive });
  checks.push(
    check(
      'buf breaking',
      run(buf, ['breaking', '--against', against]),
      `This change breaks readers of events written at ${base}.`,
    ),
  );
  rmSync(against, { recursive: true });
}
process.exit(checks.every(Boolean) ? 0 : 1);
