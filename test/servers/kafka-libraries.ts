import { execFile } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { locate } from './program.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pom = fileURLToPath(new URL('kafka/pom.xml', import.meta.url));
const cache = join(root, 'node_modules/.cache/spillway-kafka');
const otherwise =
  'unpack Apache Kafka 4 and name its folder in KAFKA_HOME, or give the address of a broker in SPILLWAY_TEST_KAFKA';

/** A folder of jars that a broker runs from. */
export interface KafkaLibraries {
  readonly folder: string;
  readonly version: string;
  /** Where they came from, for people. */
  readonly source: string;
}

/** Finds Kafka in KAFKA_HOME or in the cache; else Maven fetches it into the cache. Throws with what to install. */
export async function kafkaLibraries(): Promise<KafkaLibraries> {
  const home = process.env['KAFKA_HOME'];
  if (home) return librariesIn(join(home, 'libs'), `KAFKA_HOME (${home})`);
  const wanted = /<artifactId>kafka_2\.13<\/artifactId>\s*<version>(.+)<\/version>/.exec(
    readFileSync(pom, 'utf8'),
  )?.[1];
  const folder = join(cache, String(wanted));
  if (existsSync(folder)) return librariesIn(folder, relative(root, folder));
  const started = performance.now();
  await fetchInto(folder);
  return librariesIn(folder, `Maven, in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

function librariesIn(folder: string, source: string): KafkaLibraries {
  const [server] = globSync(join(folder, 'kafka-server-[0-9]*.jar'));
  if (!server) throw new Error(`There is no Kafka 4 in ${folder}`);
  return { folder, version: basename(server, '.jar').slice('kafka-server-'.length), source };
}

/** Complete or absent, also when two processes fetch at a time. */
async function fetchInto(folder: string): Promise<void> {
  const maven = locate({ name: 'mvn', debianPackage: 'maven', otherwise });
  mkdirSync(cache, { recursive: true });
  const fetched = mkdtempSync(join(cache, 'fetching-'));
  try {
    await promisify(execFile)(maven, [
      ...['--batch-mode', '--strict-checksums', '--file', pom],
      ...['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${fetched}`],
    ]).catch((error: { stdout?: string; message: string }) => {
      throw new Error(`Maven could not fetch Kafka; ${otherwise}.\n${error.stdout || error.message}`);
    });
    if (!existsSync(folder)) renameSync(fetched, folder);
  } finally {
    rmSync(fetched, { recursive: true, force: true });
  }
}

/** A Java that runs Kafka 4. Throws with what to install. */
export async function java(): Promise<string> {
  const home = process.env['JAVA_HOME'];
  const path = home
    ? join(home, 'bin/java')
    : locate({ name: 'java', debianPackage: 'default-jre-headless', otherwise });
  const { stderr } = await promisify(execFile)(path, ['-version']);
  const major = Number(/version "(\d+)/.exec(stderr)?.[1]);
  if (!(major >= 17)) throw new Error(`Kafka 4 needs Java 17 or newer; ${path} is Java ${major}`);
  return path;
}
