import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from '@spillway/contracts/fault';
import { editPolicy, markReviewed } from '@spillway/eval/policy-edit';
import { applyProposal, changeOf, type Proposal } from '@spillway/eval/proposal';
import { reviewMonth, spendsOfReview, type TaskReview } from '@spillway/eval/review';
import { type MonthReview, reviewMarkdown } from '@spillway/eval/review-markdown';
import { type Month, monthBefore, monthOf } from '@spillway/eval/review-month';
import { reviewPage } from '@spillway/eval/review-page';
import { answersOfMonth } from '@spillway/eval/review-rows';
import {
  publicKeyText,
  readSigned,
  reviewKey,
  signProposal,
  writeSigned,
} from '@spillway/eval/signed-proposal';
import { spendsOf } from '@spillway/eval/spent-rows';
import { SPENT_ROWS } from '@spillway/pack/files';
import { loadPack } from '@spillway/pack/load';
import type { Pack } from '@spillway/pack/pack';
import { reviewWarning } from '@spillway/policy/review';
import { createTwoFilesPatch } from 'diff';
import type { CliConfig } from './cli.config.js';
import { newestPrice } from './newest-price.js';
import { openLedgerReader } from './stores.js';
import type { Terminal } from './terminal.js';
import { requireDataFolder, requireOutFolder } from './writable-folder.js';

export interface ReviewOptions {
  readonly month?: string;
  readonly out?: string;
  readonly approve?: string;
  readonly by?: string;
  readonly publicKey?: string;
  readonly json: boolean;
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const keyFile = (config: CliConfig): string => join(config.data, 'review-key.pem');

/**
 * `spillway review`: what the ledger knows of a month, what follows for the policy, and a signed proposal that changes
 * nothing until somebody approves it.
 */
export async function review(options: ReviewOptions, config: CliConfig, terminal: Terminal): Promise<number> {
  await requireDataFolder(config.data);
  if (options.approve !== undefined) return approve(options.approve, options, config, terminal);
  const nowMs = Date.now();
  const month = options.month === undefined ? monthBefore(nowMs) : monthOf(options.month);
  if (month.fromMs > nowMs) throw new Fault('rejected', `${month.name} has not begun`);
  if (options.out !== undefined) await requireOutFolder(options.out);
  const pack = await loadPack(config.pack);
  const warning = reviewWarning(pack.policy, nowMs);
  if (warning !== undefined) terminal.note(`Attention: ${warning}.`);
  const tasks = await reviewed(config, pack, month, nowMs);
  const found: MonthReview = {
    pack: pack.name,
    month: month.name,
    day: dayOf(nowMs),
    over: nowMs >= month.toMs,
    policyVersion: pack.policy.version,
    pricesFrom: newestPrice(pack, dayOf(nowMs)),
    tasks,
  };
  const key = await reviewKey(keyFile(config));
  const proposal = await propose(config.pack, found);
  const folder = join(config.data, 'proposals');
  const path = await writeSigned(folder, `review-${month.name}`, signProposal(proposal, key));
  await show(found, { proposal, path, publicKey: publicKeyText(key) }, options, terminal);
  return 0;
}

async function reviewed(
  config: CliConfig,
  pack: Pack,
  month: Month,
  nowMs: number,
): Promise<readonly TaskReview[]> {
  const record = join(config.pack, SPENT_ROWS);
  const spent = spendsOf(SPENT_ROWS, existsSync(record) ? await readFile(record, 'utf8') : '');
  const earlier = monthBefore(month.fromMs);
  const ledger = await openLedgerReader(config);
  try {
    const reviews = reviewMonth({
      month,
      savings: await ledger.savings(month),
      audits: await ledger.audits(month),
      savingsBefore: await ledger.savings(earlier),
      auditsBefore: await ledger.audits(earlier),
      answers: await answersOfMonth(ledger, month),
      answersBefore: await answersOfMonth(ledger, earlier),
      tasks: pack.policy.tasks,
      scorers: Object.fromEntries(Object.entries(pack.fits ?? {}).map(([task, fit]) => [task, fit.scorer])),
      spent,
      nowMs,
    });
    await writeDown(record, spendsOfReview(reviews));
    return reviews;
  } finally {
    await ledger.close();
  }
}

async function writeDown(record: string, spends: readonly object[]): Promise<void> {
  if (spends.length === 0) return;
  await mkdir(dirname(record), { recursive: true });
  await appendFile(record, spends.map((spend) => `${JSON.stringify(spend)}\n`).join(''));
}

/** Also a review that changes no rule is a proposal: that somebody looked is worth its own line. */
async function propose(pack: string, { month, day, tasks }: MonthReview): Promise<Proposal> {
  const policy = await readFile(join(pack, 'policy.yaml'), 'utf8');
  const changed = tasks.filter(({ recommendation }) => Object.keys(recommendation.settings).length > 0);
  const settings = Object.fromEntries(
    changed.map(({ task, recommendation }) => [task, recommendation.settings]),
  );
  const reasons = changed.map(({ task, recommendation }) => `${task}: ${recommendation.reason}`);
  return {
    madeOn: day,
    reason: [`review of ${month}`, ...(reasons.length === 0 ? ['no rule changes'] : reasons)].join('. '),
    changes: [await changeOf(pack, 'policy.yaml', editPolicy(policy, day, settings))],
  };
}

/** Nano-dollars as text, which holds them exactly; of a test what came out of it. */
function forJson(name: string, value: unknown): unknown {
  if (name === 'spend' || name === 'passed') return undefined;
  return typeof value === 'bigint' ? String(value) : value;
}

interface Outcome {
  readonly proposal: Proposal;
  readonly path: string;
  readonly publicKey: string;
}

async function show(
  found: MonthReview,
  outcome: Outcome,
  options: ReviewOptions,
  terminal: Terminal,
): Promise<void> {
  const { proposal, path, publicKey } = outcome;
  const text = reviewMarkdown(found);
  if (options.out !== undefined) {
    await writeFile(join(options.out, `review-${found.month}.md`), text);
    await writeFile(join(options.out, `review-${found.month}.html`), reviewPage(found));
  }
  if (options.json) {
    terminal.out(`${JSON.stringify({ ...found, proposal: path, publicKey }, forJson)}\n`);
    return;
  }
  terminal.out(text);
  for (const { file, before, after } of proposal.changes) {
    if (before !== after)
      terminal.out(`\n${createTwoFilesPatch(`a/${file}`, `b/${file}`, before ?? '', after)}`);
  }
  terminal.note(`Signed with the key whose public half is ${publicKey}`);
  terminal.note(`Nothing has changed. To approve: spillway review --approve ${path} --by <your name>`);
}

/** Puts a signed proposal in force, with who approved it and when. */
async function approve(
  path: string,
  { by, publicKey }: ReviewOptions,
  config: CliConfig,
  terminal: Terminal,
): Promise<number> {
  const name = by?.trim() ?? '';
  if (name === '' || name.length > 200) {
    throw new Fault('rejected', 'a person approves', {
      problems: [{ where: '--by', message: 'is the name of who approves, 1 to 200 characters' }],
    });
  }
  const trusted = publicKey ?? publicKeyText(await reviewKey(keyFile(config)));
  const proposal = await readSigned(path, trusted);
  const day = dayOf(Date.now());
  const changes = proposal.changes.map((change) =>
    change.file === 'policy.yaml' ? { ...change, after: markReviewed(change.after, day, name) } : change,
  );
  await applyProposal(config.pack, { ...proposal, changes });
  terminal.note(`Approved by ${name} on ${day}, in force from the next start on: ${proposal.reason}`);
  return 0;
}
