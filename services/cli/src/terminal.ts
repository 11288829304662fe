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
  /** A bar on a terminal; elsewhere a line for each tenth, and none twice in two seconds but for the last. */
  progress(label: string, total: number): Progress;
}

interface Progress {
  update(done: number, note: string): void;
  stop(): void;
}

/** Says whether a share, 0 to 1, is the first or has reached a further tenth since. */
export function tenths(): (share: number) => boolean {
  let told = -1;
  return (share) => {
    const reached = Math.floor(10 * share);
    if (reached <= told) return false;
    told = reached;
    return true;
  };
}

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
      if (!stderr.isTTY) return lines(label, total, (line) => void stderr.write(`${line}\n`));
      const bar = new cliProgress.SingleBar(
        {
          stream: stderr,
          format: `${label} {bar} {value}/{total} {note}`,
          barCompleteChar: '█',
          barIncompleteChar: '░',
          barsize: 28,
          hideCursor: true,
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

/** Milliseconds in which a log needs no second line. */
const QUIET_MS = 2_000;

function lines(label: string, total: number, say: (line: string) => void): Progress {
  const isDue = tenths();
  let saidMs = Date.now();
  return {
    update(done, note) {
      const share = total === 0 ? 1 : done / total;
      if (share < 1 && Date.now() - saidMs < QUIET_MS) return;
      if (!isDue(share)) return;
      saidMs = Date.now();
      say(`${label} ${done}/${total} (${Math.floor(100 * share)} %) ${note}`.trimEnd());
    },
    stop: () => undefined,
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
