import { readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { User } from './guarded-command.js';
import { locate, versionOf } from './program.js';
import { startTestServer, type TestServer } from './test-server.js';

const program = {
  name: 'postgres',
  debianPackage: 'postgresql',
  folders: '/usr/{lib/postgresql/*,pgsql-*}/bin',
  otherwise: 'give the address of a PostgreSQL database in SPILLWAY_TEST_POSTGRES',
};

/** Starts a PostgreSQL with one superuser, `spillway`. Settings are those of `postgresql.conf`. */
export async function startPostgres(settings: Readonly<Record<string, string>> = {}): Promise<TestServer> {
  const path = locate(program);
  const all = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    shared_buffers: '32MB',
    ...settings,
  };
  return startTestServer({
    name: 'postgres',
    origin: `PostgreSQL ${versionOf(path)} from ${path}`,
    portCount: 1,
    ready: /database system is ready to accept connections/,
    // Its children leave its process group; this signal ends them too.
    stopSignal: 'QUIT',
    user: process.getuid?.() === 0 ? unprivilegedUser() : undefined,
    address: ([port]) => `postgres://spillway@127.0.0.1:${port}/postgres`,
    prepare: (folder) => ({
      program: join(dirname(realpathSync(path)), 'initdb'),
      args: [
        ...['-D', join(folder, 'data'), '--username=spillway', '--auth=trust', '--encoding=UTF8'],
        // An empty database that a crash of the machine may damage is made again.
        ...['--locale=C', '--no-sync'],
      ],
    }),
    serve: (folder, [port]) => ({
      program: path,
      args: [
        ...['-D', join(folder, 'data'), '-p', String(port)],
        ...Object.entries(all).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
      ],
    }),
  });
}

/** PostgreSQL refuses to run as root: its own user where there is one, else the one who owns nothing. */
function unprivilegedUser(): User {
  const users = new Map(
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .map(([name, , uid, gid]) => [name, { uid: Number(uid), gid: Number(gid) }]),
  );
  const user = users.get('postgres') ?? users.get('nobody');
  if (!user) throw new Error('PostgreSQL cannot run as root, and there is no user "postgres" or "nobody"');
  return user;
}
