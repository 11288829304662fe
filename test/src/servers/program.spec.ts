import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { locate, versionOf } from '../../servers/program.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-program-'));
  vi.stubEnv('PATH', join(folder, 'bin'));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const program = {
  name: 'floodgate',
  debianPackage: 'floodgate-server',
  otherwise: 'give its address in FLOODGATE',
};
const runBy = (uid: number) => vi.spyOn(process, 'getuid').mockReturnValue(uid);

/** Puts a shell script where a program would be. */
function place(path: string, script = ''): string {
  const file = join(folder, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

it('takes the program on PATH', () => {
  place('lib/9/floodgate');
  const path = place('bin/floodgate');
  expect(locate({ ...program, folders: join(folder, 'lib/*') })).toBe(path);
});

it('takes the newest of those beside PATH', () => {
  place('lib/9/floodgate');
  const path = place('lib/15/floodgate');
  expect(locate({ ...program, folders: join(folder, 'lib/*') })).toBe(path);
});

it('passes over what cannot be run', () => {
  chmodSync(place('lib/15/floodgate'), 0o644);
  const path = place('lib/9/floodgate');
  expect(locate({ ...program, folders: join(folder, 'lib/*') })).toBe(path);
});

/** An apt-get that installs the package, and nothing else. */
const placeAptGet = () =>
  place(
    'bin/apt-get',
    `case "$*" in *"install -y --no-install-recommends floodgate-server")
       /bin/cp "$0" ${join(folder, 'bin/floodgate')};;
     esac`,
  );

it('installs the Debian package as root', () => {
  runBy(0);
  placeAptGet();
  expect(locate(program)).toBe(join(folder, 'bin/floodgate'));
});

it('leaves the machine alone where it is not root', () => {
  runBy(1000);
  placeAptGet();
  expect(() => locate(program)).toThrow(
    'The tests need floodgate, which is not on this machine. ' +
      'Install it (Debian and Ubuntu: apt-get install floodgate-server), or give its address in FLOODGATE.',
  );
});

it('says what to install if the package comes without the program', () => {
  runBy(0);
  place('bin/apt-get');
  expect(() => locate(program)).toThrow('The tests need floodgate');
});

it('says what to install where there is no apt-get', () => {
  runBy(0);
  expect(() => locate(program)).toThrow('apt-get install floodgate-server');
});

it.each([
  ['Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0', '7.0.15'],
  ['postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)', '15.18'],
  ['postgres (PostgreSQL) 19beta1', '19beta1'],
])('reads the version in "%s"', (said, version) => {
  expect(versionOf(place('bin/floodgate', `echo '${said}'`))).toBe(version);
});
