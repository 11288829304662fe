import { locate, versionOf } from './program.js';
import { startTestServer, type TestServer } from './test-server.js';

const program = {
  name: 'redis-server',
  debianPackage: 'redis-server',
  otherwise: 'give the address of a Redis with its append-only file on in SPILLWAY_TEST_REDIS',
};

/** Starts a Redis that writes its append-only file. Settings are those of `redis.conf`. */
export async function startRedis(settings: Readonly<Record<string, string>> = {}): Promise<TestServer> {
  const path = locate(program);
  const all = { bind: '127.0.0.1', appendonly: 'yes', save: '', ...settings };
  return startTestServer({
    name: 'redis',
    origin: `Redis ${versionOf(path)} from ${path}`,
    portCount: 1,
    ready: /Ready to accept connections/,
    stopSignal: 'KILL',
    address: ([port]) => `redis://127.0.0.1:${port}`,
    serve: (folder, [port]) => ({
      program: path,
      args: Object.entries({ port, dir: folder, ...all }).flatMap(([key, value]) => [
        `--${key}`,
        String(value),
      ]),
    }),
  });
}
