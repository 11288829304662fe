import { Fault } from '@spillway/contracts/fault';
import { configureLogs } from '@spillway/telemetry/logger';
import { Command, CommanderError, Option } from 'commander';
import { type CliConfig, readConfig } from './cli.config.js';
import { doctor } from './doctor.js';
import { type SendOptions, send } from './send.js';
import { VERSION } from './services.js';
import { start } from './start.js';
import { terminal as openTerminal } from './terminal.js';
import { train } from './train.js';

const terminal = openTerminal(process.stdout, process.stderr);
const stopping = new AbortController();
let code = 0;

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // Who asks twice does not want to wait.
    if (stopping.signal.aborted) process.exit(130);
    stopping.abort();
  });
}

/** Reads the environment only when a command runs, so that `--help` always works. */
async function run(command: (config: CliConfig) => Promise<number>): Promise<void> {
  const config = readConfig(process.env);
  configureLogs({ level: config.logLevel });
  code = await command(config);
}

const program = new Command('spillway')
  .description('Answers customer messages with small models, and asks a big one where it matters.')
  .version(VERSION)
  .exitOverride()
  .configureHelp({ showGlobalOptions: true });

program
  .command('start')
  .description('run services in this process (all, when none is named) until Ctrl-C')
  .argument(
    '[service...]',
    'gateway, console, classifier, extractor, sentiment, drafter, polisher, router, ledger',
  )
  .option('--demo', 'also send the sample inbox of the pack, show progress, print the bill', false)
  .option('--exit', 'stop once all of the sample inbox is settled or with a person', false)
  .action((services: string[], options: { demo: boolean; exit: boolean }) =>
    run((config) => start({ services, ...options }, config, terminal, stopping.signal)),
  );

program
  .command('send')
  .description('send messages through the gateway')
  .argument('[text]', 'the message')
  .option(
    '--file <inbox>',
    'JSON lines with the field names of the API, .gz too; followed until each has ended',
  )
  .option('--channel <name>', 'where it came from')
  .option('--conversation <id>', 'messages of one conversation are answered in order')
  .option('--wait', 'print each outcome', false)
  .option('--again', 'send the messages of a file anew, also those that were sent before', false)
  .option('--json', 'print JSON', false)
  .addOption(new Option('--url <address>', 'address of the API (default: this host, SPILLWAY_PORT)'))
  .action((text: string | undefined, options: Omit<SendOptions, 'text'>) =>
    run((config) => send({ ...options, text }, config, terminal, stopping.signal)),
  );

program
  .command('train')
  .description('train the embedded models from the pack')
  .option('--json', 'print JSON', false)
  .action(({ json }: { json: boolean }) => run((config) => train(json, config, terminal)));

program
  .command('doctor')
  .description('check runtime, data, server, pack and endpoints; a cause and a fix for every failure')
  .option('--json', 'print JSON', false)
  .action(({ json }: { json: boolean }) => run((config) => doctor(json, config, terminal, stopping.signal)));

/** 2 usage, 3 not ready, 1 anything else. */
const EXIT_CODES: Readonly<Partial<Record<Fault['code'], number>>> = {
  rejected: 2,
  misconfigured: 3,
  unavailable: 3,
  missing: 2,
};

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    code = error.exitCode === 0 ? 0 : 2;
  } else {
    const fault = Fault.from(error);
    terminal.note(`${terminal.strong('spillway')}: ${fault.message}`);
    for (const { where, message } of fault.problems) terminal.note(`  ${where}: ${message}`);
    if (fault.code === 'unknown' && fault.cause instanceof Error) terminal.note(fault.cause.stack ?? '');
    code = EXIT_CODES[fault.code] ?? 1;
  }
}
process.exitCode = code;
