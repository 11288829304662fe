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
  /** A bar on a terminal, a line every two seconds elsewhere. */
  progress(label: string, total: number): Progress;
}

interface Progress {
  update(done: number, note: string): void;
  stop(): void;
}

/** Written where standard error is no terminal: often enough to show life, seldom enough for a log. */
const NOTE_EVERY_MS = 2_000;

export function terminal(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): Terminal {
  const styled = (style: 'bold' | 'dim') => (text: string) => styleText(style, text, { stream: stderr });
  return {
    out: (text) => void stdout.write(text),
    note: (line) => void stderr.write(`${line}\n`),
    strong: styled('bold'),
    faint: styled('dim'),
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
