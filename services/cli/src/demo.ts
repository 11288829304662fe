import { setTimeout as delay } from 'node:timers/promises';
import { loadInbox } from '@spillway/pack/inbox';
import type { Pack } from '@spillway/pack/pack';
import { type ApiClient, apiClient } from './api-client.js';
import { billText, dollars, type SavingsAnswer } from './bill.js';
import type { CliConfig } from './cli.config.js';
import type { OutgoingMessage } from './inbox-file.js';
import { newestPrice } from './newest-price.js';
import { deliverWithProgress, keyOf } from './send.js';
import type { Terminal } from './terminal.js';

interface Sample {
  readonly text: string | null;
  readonly intent: string | null;
  readonly status: string;
  readonly reply: { readonly text: string; readonly by: string } | null;
  readonly decisions: readonly {
    readonly verdict: string;
    readonly step: string;
    readonly reasons: readonly string[];
  }[];
  readonly cost_nanos: number | null;
  readonly projected_cost_nanos: number | null;
  readonly baseline_nanos: number | null;
  readonly trace_id: string;
  readonly steps: Readonly<Record<string, { readonly confidence: number | null }>>;
}

/**
 * Sends the pack's sample inbox through the API, with a progress bar, and prints a few outcomes and the bill.
 * Returns 0 when every message was settled or is with a person, else 1.
 */
export async function demo(
  pack: Pack,
  url: string,
  config: CliConfig,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const inbox = await loadInbox(pack.directory);
  const client = apiClient(url, keyOf(config));
  try {
    const run = new Date();
    const ids: { readonly id: string; readonly ending: string }[] = [];
    const summary = await deliverWithProgress(
      {
        client,
        messages: inbox.map((message) => sampleMessage(message, run.getTime().toString(36))),
        total: inbox.length,
        label: 'Sample inbox',
        onEnd: (id, ending) => ids.push({ id, ending }),
      },
      terminal,
      signal,
    );
    if (signal.aborted) return 0;
    const savings = await closedBill(client, run, summary.sent, signal);
    for (const each of await samples(client, ids)) terminal.out(sampleText(each));
    terminal.out(`\n${billText(savings, billNames(pack, run))}`);
    return summary.failed + summary.refused === 0 && summary.sent === inbox.length ? 0 : 1;
  } finally {
    await client.close();
  }
}

type InboxMessage = Awaited<ReturnType<typeof loadInbox>>[number];

/** Each run is a day of its own: conversations of an earlier one are not continued. */
function sampleMessage(message: InboxMessage, run: string): OutgoingMessage {
  const { channel, conversationId, customer, subject, text, locale, attachmentCount } = message;
  return {
    text,
    channel,
    conversation_id: `${run}-${conversationId}`,
    customer,
    subject,
    locale,
    attachment_count: attachmentCount,
  };
}

const LOOK_EVERY_MS = 50;

/** The bill once the ledger has written down the end of every message. */
async function closedBill(
  client: ApiClient,
  from: Date,
  sent: number,
  signal: AbortSignal,
): Promise<SavingsAnswer> {
  for (;;) {
    const savings = await client.get<SavingsAnswer>(`/v1/savings?from=${from.toISOString()}`);
    if (savings.settled + savings.in_review + savings.failed >= sent || signal.aborted) return savings;
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

const billNames = (pack: Pack, at: Date) => ({
  ...pack.reference,
  pricesFrom: newestPrice(pack, at.toISOString().slice(0, 10)),
});

/** One message of each kind of end: by the small model alone, by the big one, with a person. */
async function samples(
  client: ApiClient,
  ids: readonly { readonly id: string }[],
): Promise<readonly Sample[]> {
  const kinds = new Map<string, Sample>();
  for (const { id } of ids) {
    const message = await client.get<Sample>(`/v1/messages/${id}`);
    const kind = message.reply?.by ?? message.status;
    if (!kinds.has(kind)) kinds.set(kind, message);
    if (kinds.size === 3) break;
  }
  return [...kinds.values()];
}

const clipped = (text: string, length: number): string => {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > length ? `${line.slice(0, length - 1)}…` : line;
};

/** A message on its way from channel to reply, for people. */
function sampleText(message: Sample): string {
  const confidence = message.steps['classify']?.confidence;
  const path = message.decisions.map(({ step, verdict }) => `${step} ${verdict}`).join(', ');
  const end = message.reply === null ? message.status.replace('_', ' ') : `reply by ${message.reply.by}`;
  return [
    '',
    `“${clipped(message.text ?? '', 96)}”`,
    `  ${message.intent ?? 'no intent'}${confidence === undefined || confidence === null ? '' : ` (${confidence.toFixed(2)})`} · ${path}`,
    `  ${end}${message.reply === null ? `: ${message.decisions.at(-1)?.reasons[0] ?? ''}` : `: “${clipped(message.reply.text, 96)}”`}`,
    `  cost ${dollars(message.cost_nanos)}, projected ${dollars(message.projected_cost_nanos)}, all-big ${dollars(message.baseline_nanos)} · trace ${message.trace_id}`,
    '',
  ].join('\n');
}
