import { Fault } from '@spillway/contracts/fault';
import { configureLogs } from '@spillway/telemetry/logger';
import { Command, CommanderError, Option } from 'commander';
import type { AuditOptions } from './audit-log.js';
import { type CliConfig, readConfig } from './cli.config.js';
import type { EvalOptions } from './eval-options.js';
import type { ExportOptions } from './export-options.js';
import { filterFields, type ReplayOptions } from './replay-request.js';
import type { ReviewOptions } from './review.js';
import type { SendOptions } from './send.js';
import { terminal as openTerminal } from './terminal.js';
import type { TuneOptions } from './tune.js';
import { VERSION } from './version.js';

const terminal = openTerminal(process.stdout, process.stderr, process.stdin);
const stopping = new AbortController();
let code = 0;

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // Who asks twice does not want to wait.
    if (stopping.signal.aborted) process.exit(130);
    stopping.abort();
  });
}

// Whoever reads has seen enough, as `head` does: no fault of the command.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

/**
 * Reads the environment only when a command runs, so that `--help` always works. Each command loads its own code: what a
 * process never runs should take none of its memory.
 */
async function run(
  command: (config: CliConfig) => Promise<number>,
  { listens = false, logLevel }: { listens?: boolean; logLevel?: CliConfig['logLevel'] } = {},
): Promise<void> {
  const config = readConfig(process.env, { listens });
  configureLogs({ level: logLevel ?? config.logLevel });
  code = await command(config);
}

/** An option that may be repeated. */
const gathered = (text: string, before: readonly string[]): readonly string[] => [...before, text];

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
  .option('--create-topics', 'make the topics that Kafka lacks', false)
  .action((services: string[], options: { demo: boolean; exit: boolean; createTopics: boolean }) =>
    run(
      async (config) => {
        const { start } = await import('./start.js');
        return start({ services, ...options }, config, terminal, stopping.signal);
      },
      { listens: true },
    ),
  );

program
  .command('send')
  .description('send messages through the gateway')
  .argument('[text]', 'the message')
  .option(
    '--file <inbox>',
    'JSON lines with the field names of the API, gzip too; followed until each has ended',
  )
  .option('--channel <name>', 'where it came from')
  .option('--conversation <id>', 'messages of one conversation are answered in order')
  .option('--wait', 'print each outcome', false)
  .option('--again', 'send the messages of a file anew, also those that were sent before', false)
  .option('--json', 'print JSON', false)
  .addOption(new Option('--url <address>', 'address of the API (default: this host, SPILLWAY_PORT)'))
  .action((text: string | undefined, options: Omit<SendOptions, 'text'>) =>
    run(async (config) => {
      const { send } = await import('./send.js');
      return send({ ...options, text }, config, terminal, stopping.signal);
    }),
  );

program
  .command('replay')
  .description(
    'have dead letters handled again, by the service that parked them and by no other; each is replayed once, and what ' +
      'fails again after three replays is refused',
  )
  .option('--topic <topic>', 'only events of this topic')
  .option('--group <service>', 'only what this service parked')
  .option(
    '--filter <field=value>',
    `only where it fits, may be repeated; ${filterFields.join(', ')} (an age is 90s, 10m, 2h or 7d)`,
    gathered,
    [],
  )
  .option('--dry-run', 'tell what would be replayed, and change nothing', false)
  .option('--rate <number>', 'replays a second, at most (default: 50)')
  .option('--limit <number>', 'replays, at most (default: 1000)')
  .option('--force', 'also what was replayed three times and failed each time', false)
  .option('--json', 'print JSON lines', false)
  .addOption(new Option('--url <address>', 'address of the API (default: this host, SPILLWAY_PORT)'))
  .action((options: ReplayOptions) =>
    run(async (config) => {
      const { replay } = await import('./replay.js');
      return replay(options, config, terminal, stopping.signal);
    }),
  );

program
  .command('train')
  .description('train the embedded models from the pack')
  .option('--json', 'print JSON', false)
  .action(({ json }: { json: boolean }) =>
    run(async (config) => {
      const { train } = await import('./train.js');
      return train(json, config, terminal);
    }),
  );

program
  .command('tune')
  .description(
    'certify thresholds on labelled messages; writes a proposal that changes nothing until it is applied',
  )
  .addOption(new Option('--step <step>', 'only this step').choices(['classify', 'extract', 'sentiment']))
  .option('--set <file>', "labelled messages, JSON lines (default: the pack's eval/<step>.jsonl)")
  .option('--from-ledger', 'tune on what the audit and people labelled in production', false)
  .option('--since <day>', 'of the ledger, only messages from this day on (default: 31 days ago)')
  .addOption(
    new Option(
      '--mode <mode>',
      'what is promised: the share wrong among what is kept, with a confidence (selective), or that of all messages, in expectation (joint)',
    )
      .choices(['selective', 'joint'])
      .default('selective'),
  )
  .option('--target <share>', 'at most this share may be wrong', '0.05')
  .option('--delta <share>', 'chance that a selective promise is made wrongly (default: 0.05)')
  .option(
    '--error-budget <number>',
    'wrong answers to expect for 1,000 messages at the most, over all steps; shared so that it saves the most',
  )
  .option('--yes', 'pay for calls to endpoints without a question', false)
  .option('--max-cost-usd <dollars>', 'pay without a question where calls cannot cost more')
  .addOption(
    new Option('--label-source <source>', 'who labelled: people (truth) or the big model (agreement)')
      .choices(['truth', 'agreement'])
      .default('truth'),
  )
  .option('--report <file>', 'also write a page with the curves')
  .option('--apply <proposal>', 'put a proposal in force')
  .option('--json', 'print JSON', false)
  .action((options: TuneOptions) =>
    run(async (config) => {
      const { tune } = await import('./tune.js');
      return tune(options, config, terminal, stopping.signal);
    }),
  );

program
  .command('eval')
  .description(
    'compare models on labelled sets, step by step: accuracy, cost and latency side by side, with intervals and a verdict',
  )
  .option('--step <step>', 'only this step; may be repeated', gathered, [])
  .option(
    '--set <file>',
    "rows of a step, JSON lines, gzip too; may be repeated (default: the pack's eval/)",
    gathered,
    [],
  )
  .addOption(
    new Option('--label-source <source>', 'who labelled: people (truth) or the big model (agreement)')
      .choices(['truth', 'agreement'])
      .default('truth'),
  )
  .option('--models <names>', 'of models.yaml, the small one first, the big one last: small-8b,frontier')
  .option('--repeat <number>', 'answers to each row, to see the spread', '1')
  .option('--concurrency <number>', 'calls at a time (default: as models.yaml has it)')
  .option('--judge <model>', 'of models.yaml: compares the replies of draft and polish, in both orders')
  .option(
    '--training-usd <dollars>',
    'what fine-tuning a small model costs: from how many messages on it pays',
  )
  .option('--report <file>', 'also write a page with charts')
  .option('--markdown <file>', 'also write Markdown')
  .option('--junit <file>', 'also write JUnit XML: a test for each step, which fails under the floor')
  .option('--json', 'print JSON', false)
  .option('--yes', 'spend without a question', false)
  .option('--max-cost-usd <dollars>', 'spend up to so much without a question')
  .action((options: EvalOptions) =>
    run(async (config) => {
      const { evaluate } = await import('./eval.js');
      return evaluate(options, config, terminal, stopping.signal);
    }),
  );

program
  .command('export')
  .description(
    "write what a small model can learn a step from: people's corrections and the big model's answers out of the ledger, " +
      "masked, split by conversation, without the pack's eval sets",
  )
  .requiredOption('--step <step>', 'classify, extract, sentiment, draft or polish')
  .option('--format <format>', 'openai (chat, with the prompts of production) or jsonl', 'openai')
  .option('--source <sources>', 'corrected (people), big, or both', 'corrected,big')
  .option('--since <day>', 'only messages from this day on (default: all)')
  .option('--out <folder>', 'write train, validation and test as files, and the beginnings of a model card')
  .option('--part <part>', 'which part goes to standard output (default: train)')
  .option('--to-eval', "propose people's labels for the pack's eval/<step>.corrected.jsonl instead", false)
  .option('--unmasked', 'leave personal data in', false)
  .option('--json', 'print the figures as JSON, and no rows', false)
  .action((options: ExportOptions) =>
    run(async (config) => {
      const { exportRows } = await import('./export.js');
      return exportRows(options, config, terminal);
    }),
  );

program
  .command('audit')
  .description(
    'read a log of calls of big models (OpenAI, Anthropic, LiteLLM, Langfuse): the bill per step today, with a small ' +
      'model first, what to evaluate first, and when fine-tuning pays',
  )
  .argument('<file>', 'JSON lines, gzip too')
  .option('--prices <file>', 'prices of your own, before the list prices that come with the program')
  .option(
    '--assume <name=value>',
    'of the projection, may be repeated: small=MODEL, kept=0.8, kept:STEP=0.5, tuned=MODEL, tuned-kept=0.95, ' +
      'training=500 (dollars)',
    gathered,
    [],
  )
  .option('--json', 'print JSON', false)
  .action((file: string, options: AuditOptions) =>
    run(async () => {
      const { audit } = await import('./audit-log.js');
      return audit(file, options, terminal, stopping.signal);
    }),
  );

program
  .command('review')
  .description(
    'review a month by the ledger; writes a signed proposal that changes nothing until a person approves it',
  )
  .option('--month <month>', 'as 2026-11 (default: the last one that is over)')
  .option('--out <folder>', 'also write the review as Markdown and as a page')
  .option('--approve <proposal>', 'check the signature of a proposal and put it in force')
  .option('--by <name>', 'who approves')
  .option('--public-key <key>', 'whose signature to trust (default: the key of this data folder)')
  .option('--json', 'print JSON', false)
  .action((options: ReviewOptions) =>
    run(async (config) => {
      const { review } = await import('./review.js');
      return review(options, config, terminal);
    }),
  );

program
  .command('doctor')
  .description('check runtime, data, server, pack and endpoints; a cause and a fix for every failure')
  .option('--json', 'print JSON', false)
  .action(({ json }: { json: boolean }) =>
    // What goes wrong is the report.
    run(
      async (config) => {
        const { doctor } = await import('./doctor.js');
        return doctor(json, config, terminal, stopping.signal);
      },
      { logLevel: 'silent' },
    ),
  );

/** 2 usage, 3 not ready, 1 anything else. */
const EXIT_CODES: Readonly<Partial<Record<Fault['code'], number>>> = {
  rejected: 2,
  malformed: 2,
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
// Once all is said: kafkajs goes on for half a minute to look for brokers that are gone, also after it was closed.
process.stdout.write('', () => process.stderr.write('', () => process.exit()));
