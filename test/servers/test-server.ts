import { randomUUID } from 'node:crypto';
import { chownSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from './free-ports.js';
import { type Guard, startGuard } from './guard.js';
import { type Command, type Run, runGuarded, type User } from './guarded-command.js';

/** A server of one's own on 127.0.0.1, with its data in a temporary folder. It never outlives the process that started it. */
export interface TestServer {
  /** What a client connects to; the same after every start. */
  readonly address: string;
  /** Name, version, and where the program came from. */
  readonly origin: string;
  /** Process id; another one after every start. */
  readonly pid: number;
  /** Folder of its data and of its log, `server.log`. */
  readonly folder: string;
  /** kill -9: nothing is finished, nothing is flushed. The data stays. */
  kill(): Promise<void>;
  /** Starts again after a kill, on the same data and address; resolves once it answers. Throws with its log if it cannot. */
  start(): Promise<void>;
  /** Ends it for good and removes its data. */
  stop(): Promise<void>;
}

/** How one kind of server is run. */
export interface Recipe {
  readonly name: string;
  readonly origin: string;
  readonly portCount: number;
  /** Said once it answers clients. */
  readonly ready: RegExp;
  /** Ends the server and every process that it has started. */
  readonly stopSignal: 'KILL' | 'QUIT';
  /** Who runs it, where that must not be the user of the runner. */
  readonly user?: User | undefined;
  address(ports: readonly number[]): string;
  /** The command that makes a new folder ready to serve from. */
  prepare?(folder: string, ports: readonly number[]): Command;
  serve(folder: string, ports: readonly number[]): Command;
}

/** The longest that a start may take on a busy machine. */
const patienceMs = 60_000;
/** Ends by itself: the server killed a moment ago still holds its port or memory, or another program took the port. */
const passing = /Address already in use|pre-existing shared memory block/;

/** Starts a server on new data; resolves once it answers. Throws with its log if it cannot. */
export async function startTestServer(recipe: Recipe): Promise<TestServer> {
  const folder = join(tmpdir(), `spillway-${recipe.name}-${randomUUID()}`);
  const guard = startGuard(folder, recipe.stopSignal);
  try {
    mkdirSync(folder, { mode: 0o700 });
    if (recipe.user) chownSync(folder, recipe.user.uid, recipe.user.gid);
    let ports = await freePorts(recipe.portCount);
    await prepare(recipe, folder, ports, guard);
    let server = await serve(recipe, folder, ports, guard, async () => {
      ports = await freePorts(recipe.portCount);
      return ports;
    });
    return {
      address: recipe.address(ports),
      origin: recipe.origin,
      folder,
      get pid() {
        return server.pid;
      },
      kill: () => server.kill(),
      async start() {
        if (!server.hasEnded()) throw new Error(`${recipe.name} runs already`);
        server = await serve(recipe, folder, ports, guard, async () => ports);
      },
      stop: guard.release,
    };
  } catch (error) {
    await guard.release();
    throw error;
  }
}

async function prepare(
  recipe: Recipe,
  folder: string,
  ports: readonly number[],
  guard: Guard,
): Promise<void> {
  const command = recipe.prepare?.(folder, ports);
  if (!command) return;
  const run = runGuarded(command, folder, guard, recipe.user);
  if (!(await run.succeeded())) throw failure(recipe, run);
}

/** Tries until it answers; after a clash on the ports that `next` names. */
async function serve(
  recipe: Recipe,
  folder: string,
  ports: readonly number[],
  guard: Guard,
  next: () => Promise<readonly number[]>,
): Promise<Run> {
  const deadline = performance.now() + patienceMs;
  for (let chosen = ports; ; chosen = await next()) {
    const run = runGuarded(recipe.serve(folder, chosen), folder, guard, recipe.user);
    const said = await run.says([recipe.ready, passing], deadline - performance.now());
    if (said === recipe.ready) return run;
    await run.kill();
    if (said !== passing) throw failure(recipe, run);
    await delay(50);
  }
}

const failure = (recipe: Recipe, run: Run): Error =>
  new Error(`${recipe.origin} did not start:\n${run.said().slice(-4_000)}`);
