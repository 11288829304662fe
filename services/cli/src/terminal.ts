import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';
import cliProgress from 'cli-progress';

/** Where a command writes: data to `out`, everything a person reads meanwhile to `note`. */
export interface Terminal {
  /** A piece of the command's result, to standard output. */
  out(text: string): void;
  /** A line for whoever watches, to standard error. */
  note(line: string): void;
  /** Emphasis for notes; plain where the terminal has no colours or NO_COLOR is set. */
  strong(text: string): string;
  faint(text: string): string;
  /** Asks whoever watches for a line; rejects when the signal is aborted. Undefined: there is nobody to ask. */
  readonly ask: ((question: string, signal: AbortSignal) => Promise<string>) | undefined;
  /** A bar on a terminal, a line every two seconds elsewhere. */
  progress(label: string, total: number): Progress;
}

interface Progress {
  update(done: number, note: string): void;
  stop(): void;
}

/** Written where standard error is no terminal: often enough to show life, seldom enough for a log. */
const NOTE_EVERY_MS = 2_000;

export function terminal(
  stdout: NodeJS.WriteStream,
  stderr: NodeJS.WriteStream,
  stdin: NodeJS.ReadStream,
): Terminal {
  const styled = (style: 'bold' | 'dim') => (text: string) => styleText(style, text, { stream: stderr });
  return {
    out: (text) => void stdout.write(text),
    note: (line) => void stderr.write(`${line}\n`),
    strong: styled('bold'),
    faint: styled('dim'),
    ask: stdin.isTTY && stderr.isTTY ? asking(stdin, stderr) : undefined,
    progress(label, total) {
      const bar = new cliProgress.SingleBar(
        {
          stream: stderr,
          format: `${label} {bar} {value}/{total} {note}`,
          barCompleteChar: '█',
          barIncompleteChar: '░',
          barsize: 28,
          hideCursor: true,
          noTTYOutput: true,
          notTTYSchedule: NOTE_EVERY_MS,
          fps: 10,
          // Ctrl-C belongs to the command, which has messages in flight to see to.
          gracefulExit: false,
          emptyOnZero: true,
        },
        cliProgress.Presets.shades_classic,
      );
      bar.start(total, 0, { note: '' });
      return {
        update: (done, note) => bar.update(done, { note }),
        stop: () => bar.stop(),
      };
    },
  };
}

const asking =
  (input: NodeJS.ReadStream, output: NodeJS.WriteStream) =>
  async (question: string, signal: AbortSignal): Promise<string> => {
    // Not as a terminal of its own, which would keep Ctrl-C from the command.
    const lines = createInterface({ input, output, terminal: false });
    const ended = new AbortController();
    lines.once('close', () => ended.abort());
    try {
      return await lines.question(question, { signal: AbortSignal.any([signal, ended.signal]) });
    } finally {
      lines.close();
    }
  };
