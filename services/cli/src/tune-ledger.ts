import type { LabelSource } from '@spillway/confidence/fit';
import { Fault } from '@spillway/contracts/fault';
import { messagesSince } from '@spillway/eval/ledger-messages';
import { ledgerRows } from '@spillway/eval/ledger-rows';
import { type AnswerUsage, pricingOf } from '@spillway/eval/step-pricing';
import type { Pack } from '@spillway/pack/pack';
import type { MessageView, StepName } from '@spillway/store/ledger';
import type { CliConfig } from './cli.config.js';
import { pricedModels } from './small-models.js';
import { openLedgerReader } from './stores.js';
import { chosenSteps, type GatheredStep, type StepOptions } from './tune-rows.js';

export interface LedgerOptions extends StepOptions {
  /** ISO day; left out: 31 days ago. */
  readonly since?: string;
  readonly labelSource: LabelSource;
}

const MONTH_MS = 31 * 86_400_000;

/** Answers that customers got and the audit labelled: they cost nothing more. Throws `rejected` for a day that is none. */
export async function fromLedger(
  options: LedgerOptions,
  config: CliConfig,
  pack: Pack,
): Promise<readonly GatheredStep[]> {
  const sinceMs = sinceOf(options);
  const { messages, keptUnder } = await auditedSince(sinceMs, config);
  const from = `the ledger, messages since ${new Date(sinceMs).toISOString().slice(0, 10)}`;
  const seed = pack.policy.version;
  return chosenSteps(options).flatMap((step) => {
    const { rows, waiting } = ledgerRows(messages, {
      step,
      source: options.labelSource,
      seed,
      keptUnder: keptUnder.get(step) ?? new Set(),
    });
    if (rows.length === 0 && options.step === undefined) return [];
    const usages = messages.flatMap(({ steps }) =>
      steps.flatMap((view): AnswerUsage[] =>
        view.step === step && view.tier === 'small' && view.usage !== null
          ? [{ tokens: view.usage, samples: view.features?.['samples'] ?? 1 }]
          : [],
      ),
    );
    const pricing = pricingOf(pack, { step, ...pricedModels(config, pack, step), usages }, Date.now());
    return [{ step, from, rows, waiting, pricing }];
  });
}

/** What was not kept is of the traffic too, also where no label came of it. */
const isNotKept = ({ tier, verdict }: MessageView['decisions'][number]): boolean =>
  tier === 'small' && verdict !== 'accept';

interface Gathered {
  readonly messages: readonly MessageView[];
  /** By step: versions of the policy that kept small answers, also those of messages that nobody looked at. */
  readonly keptUnder: ReadonlyMap<StepName, ReadonlySet<string>>;
}

async function auditedSince(sinceMs: number, config: CliConfig): Promise<Gathered> {
  const messages: MessageView[] = [];
  const keptUnder = new Map<StepName, Set<string>>();
  const ledger = await openLedgerReader(config);
  try {
    for await (const message of messagesSince(ledger, sinceMs)) {
      for (const { step, tier, verdict, policyVersion } of message.decisions) {
        if (tier !== 'small' || verdict !== 'accept') continue;
        keptUnder.set(step, (keptUnder.get(step) ?? new Set()).add(policyVersion));
      }
      const drawn = message.audits.length > 0 || message.openAudits.length > 0;
      if (drawn || message.decisions.some(isNotKept)) messages.push(message);
    }
  } finally {
    await ledger.close();
  }
  return { messages, keptUnder };
}

function sinceOf({ since }: LedgerOptions): number {
  if (since === undefined) return Date.now() - MONTH_MS;
  const ms = Date.parse(since);
  if (!Number.isNaN(ms)) return ms;
  throw new Fault('rejected', 'no such day', {
    problems: [{ where: '--since', message: 'must be a day such as 2026-10-01' }],
  });
}
