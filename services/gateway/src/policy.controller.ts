import { Controller, Get, Inject, Query } from '@nestjs/common';
import { checkQuery } from '@spillway/http/check';
import type { Policy, TaskName } from '@spillway/policy/policy';
import { KEYED_STATE, type KeyedState } from '@spillway/store/keyed-state';
import { LEDGER, type Ledger } from '@spillway/store/ledger';
import {
  type DriftWatch,
  driftWatchKey,
  type FreezeNote,
  freezeKey,
  readNote,
  type ShareWatch,
  shareWatchKey,
} from '@spillway/store/task-watch';
import { policyJson, type TaskStanding } from './policy-view.js';
import { savingsQuerySchema } from './savings-view.js';

export const POLICY = Symbol('policy');

/** Without a span the last month is looked at. */
const SPAN_MS = 31 * 86_400_000;

/** What leaves: the policy in force, what it promises, and what the audits say of that. */
@Controller('/v1/policy')
export class PolicyController {
  constructor(
    @Inject(POLICY) private readonly policy: Policy,
    @Inject(KEYED_STATE) private readonly state: KeyedState,
    @Inject(LEDGER) private readonly ledger: Ledger,
  ) {}

  @Get()
  async read(@Query() query: object): Promise<object> {
    const nowMs = Date.now();
    const { from, to } = checkQuery(savingsQuerySchema, query);
    const span = {
      fromMs: from ?? (to ?? nowMs) - SPAN_MS,
      ...(to === undefined ? {} : { toMs: to }),
    };
    const tasks = Object.keys(this.policy.tasks) as TaskName[];
    const [audits, savings, standings] = await Promise.all([
      this.ledger.audits(span),
      this.ledger.savings(span),
      Promise.all(tasks.map(async (task) => [task, await this.standing(task)] as const)),
    ]);
    const facts = {
      policy: this.policy,
      standings: Object.fromEntries(standings) as Record<TaskName, TaskStanding>,
      audits,
      savings,
      nowMs,
    };
    return policyJson(facts, span);
  }

  private async standing(task: TaskName): Promise<TaskStanding> {
    const { version } = this.policy;
    const [watch, shares, freeze] = await Promise.all([
      readNote<DriftWatch>(this.state, driftWatchKey(task, version)),
      readNote<ShareWatch>(this.state, shareWatchKey(task, version)),
      readNote<FreezeNote>(this.state, freezeKey(task, version)),
    ]);
    return {
      ...(watch === undefined ? {} : { watch: watch.value }),
      ...(shares === undefined ? {} : { shares: shares.value }),
      ...(freeze === undefined ? {} : { freeze: freeze.value }),
    };
  }
}
