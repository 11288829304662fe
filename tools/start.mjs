// `npm start`: build what changed, then run everything with the sample inbox. Arguments are passed on.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const say = (line) => process.stderr.write(`${line}\n`);

function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'inherit', cwd: root, ...options });
    // The terminal sends Ctrl-C to the whole group; a supervisor sends SIGTERM to this process alone.
    const forward = (signal) => child.kill(signal);
    const ignore = () => {};
    process.on('SIGTERM', forward);
    process.on('SIGINT', ignore);
    child.on('error', (error) => {
      say(`cannot run ${command}: ${error.message}`);
      resolve(1);
    });
    child.on('exit', (code, signal) => {
      process.off('SIGTERM', forward);
      process.off('SIGINT', ignore);
      resolve(code ?? (signal === 'SIGINT' || signal === 'SIGTERM' ? 0 : 1));
    });
  });
}

say('Spillway: small models answer, a big one is asked only when it matters.');
say('Building what changed …');
const started = Date.now();
const tick = setInterval(
  () => say(`  still building, ${Math.round((Date.now() - started) / 1000)} s`),
  3_000,
);
const built = await run(process.execPath, ['node_modules/typescript/bin/tsc', '-b']);
clearInterval(tick);
if (built !== 0) process.exit(built);
process.exit(await run('services/cli/bin/spillway.js', ['start', '--demo', ...process.argv.slice(2)]));
