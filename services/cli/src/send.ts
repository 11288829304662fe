import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Fault, type Problem } from '@spillway/contracts/fault';
import { secretOf } from '@spillway/http/api-keys';
import { type ApiClient, apiClient, refusalOf } from './api-client.js';
import type { CliConfig } from './cli.config.js';
import { type DeliveryState, type DeliverySummary, deliver, type Ending } from './delivery.js';
import { type OutgoingMessage, readInboxFile } from './inbox-file.js';
import type { Terminal } from './terminal.js';

export interface SendOptions {
  readonly text: string | undefined;
  readonly file: string | undefined;
  readonly channel: string | undefined;
  readonly conversation: string | undefined;
  readonly wait: boolean;
  readonly json: boolean;
  /** Sends a file's messages anew that were sent before. */
  readonly again: boolean;
  readonly url: string | undefined;
}

/** Messages under way at once: enough to keep every step busy, few enough that none waits long. */
const MAX_OPEN = 500;
const BATCH = 100;

/** The parts of `GET /v1/messages/{id}` that `--wait` shows. */
interface MessageAnswer {
  readonly id: string;
  readonly status: string;
  readonly intent: string | null;
  readonly reply: { readonly text: string; readonly by: string } | null;
  readonly decisions: readonly { readonly reasons: readonly string[] }[];
  readonly trace_id: string;
}

/** `spillway send`: messages through the gateway. Returns the exit code. */
export async function send(
  options: SendOptions,
  config: CliConfig,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  if ((options.text === undefined) === (options.file === undefined)) {
    throw new Fault('rejected', 'send takes either a text or --file');
  }
  const client = apiClient(options.url ?? `http://127.0.0.1:${config.apiPort}`, keyOf(config));
  try {
    return options.file === undefined
      ? await sendOne(options, client, terminal, signal)
      : await sendFile(options.file, options, client, terminal, signal);
  } finally {
    await client.close();
  }
}

/** The secret of the first configured key. */
export const keyOf = ({ apiKeys: [key] }: CliConfig): string | undefined =>
  key === undefined ? undefined : secretOf(key);

async function sendOne(
  options: SendOptions,
  client: ApiClient,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const { channel, conversation } = options;
  const [receipt] = await client.send([
    {
      text: options.text ?? '',
      ...(channel === undefined ? {} : { channel }),
      ...(conversation === undefined ? {} : { conversation_id: conversation }),
    },
  ]);
  if (receipt === undefined || !('id' in receipt)) {
    throw receipt === undefined ? new Fault('rejected', 'the server gave no answer') : refusalOf(receipt);
  }
  if (!options.wait) {
    terminal.out(options.json ? `${JSON.stringify(receipt)}\n` : `${receipt.id}\n`);
    return 0;
  }
  const message = await ended(client, receipt.id, signal);
  terminal.out(options.json ? `${JSON.stringify(message)}\n` : outcomeText(message));
  return message.status === 'settled' || message.status === 'in_review' ? 0 : 1;
}

const ENDED = new Set(['settled', 'in_review', 'failed']);
const LOOK_EVERY_MS = 50;

async function ended(client: ApiClient, id: string, signal: AbortSignal): Promise<MessageAnswer> {
  for (;;) {
    const message = await client.get<MessageAnswer>(`/v1/messages/${id}`);
    if (ENDED.has(message.status) || signal.aborted) return message;
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

function outcomeText({ id, status, intent, reply, decisions }: MessageAnswer): string {
  const why = decisions.at(-1)?.reasons[0] ?? '';
  const head = `${id}  ${status}  ${intent ?? ''}${status === 'settled' ? '' : `  ${why}`}`;
  return reply === null ? `${head}\n` : `${head}  by ${reply.by}\n${reply.text.replace(/^/gm, '  ')}\n`;
}

async function sendFile(
  file: string,
  options: SendOptions,
  client: ApiClient,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  let unreadable = 0;
  const run = options.again ? randomUUID() : '';
  const count = await countMessages(file, run);
  const messages = readInboxFile(file, run, ({ where, message }) => {
    unreadable += 1;
    terminal.note(`${where}: ${message}`);
  });
  const onEnd = options.wait ? outcomePrinter(client, options.json, terminal) : undefined;
  const summary = await deliverWithProgress(
    {
      client,
      messages: stamped(messages, options),
      total: count,
      label: 'Sent and ended',
      ...(onEnd && { onEnd: onEnd.print }),
    },
    terminal,
    signal,
  );
  await onEnd?.done();
  terminal.out(options.json ? `${JSON.stringify({ ...summary, unreadable })}\n` : summaryText(summary));
  for (const { where, message } of summary.refusals) terminal.note(`refused (${where}): ${message}`);
  return summary.failed + summary.refused + unreadable > 0 || signal.aborted ? 1 : 0;
}

/** Throws `malformed` where there is none, with why: a summary of nothing would look like an inbox that was sent. */
async function countMessages(file: string, run: string): Promise<number> {
  const problems: Problem[] = [];
  let count = 0;
  for await (const _ of readInboxFile(file, run, (problem) => problems.push(problem))) count += 1;
  if (count === 0) throw new Fault('malformed', `not one line of ${file} is a message`, { problems });
  return count;
}

async function* stamped(
  messages: AsyncIterable<OutgoingMessage>,
  { channel, conversation }: SendOptions,
): AsyncGenerator<OutgoingMessage> {
  for await (const message of messages) {
    yield {
      ...message,
      ...(channel === undefined ? {} : { channel }),
      ...(conversation === undefined ? {} : { conversation_id: conversation }),
    };
  }
}

/** Prints outcomes one after the other as messages end, reading each back from the API. */
function outcomePrinter(client: ApiClient, json: boolean, terminal: Terminal) {
  let printing: Promise<void> = Promise.resolve();
  return {
    print(id: string, _ending: Ending): void {
      printing = printing.then(async () => {
        const message = await client.get<MessageAnswer>(`/v1/messages/${id}`);
        terminal.out(json ? `${JSON.stringify(message)}\n` : outcomeText(message));
      });
    },
    done: () => printing,
  };
}

export interface ProgressDelivery {
  readonly client: ApiClient;
  readonly messages: AsyncIterable<OutgoingMessage> | Iterable<OutgoingMessage>;
  readonly total: number;
  readonly label: string;
  readonly onEnd?: (id: string, ending: Ending) => void;
}

/** Delivers messages with a progress bar. */
export async function deliverWithProgress(
  { client, messages, total, label, onEnd }: ProgressDelivery,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<DeliverySummary> {
  const bar = terminal.progress(label, total);
  const started = performance.now();
  const onProgress = ({ settled, in_review, failed, refused }: DeliveryState): void => {
    const done = settled + in_review + failed + refused;
    const perSecond = done / Math.max(0.001, (performance.now() - started) / 1000);
    bar.update(done, `${settled} settled, ${in_review} with a person, ${perSecond.toFixed(0)}/s`);
  };
  try {
    return await deliver({
      client,
      messages,
      maxOpen: MAX_OPEN,
      batch: BATCH,
      onProgress,
      signal,
      ...(onEnd === undefined ? {} : { onEnd }),
    });
  } finally {
    bar.stop();
  }
}

function summaryText({
  sent,
  settled,
  in_review,
  failed,
  refused,
  seconds,
  per_second,
}: DeliverySummary): string {
  return `${sent} sent, ${settled} settled, ${in_review} with a person, ${failed} failed, ${refused} refused in ${seconds.toFixed(1)} s (${per_second.toFixed(0)} messages a second)\n`;
}
