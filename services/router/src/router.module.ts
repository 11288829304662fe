import {
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { Bus } from '@spillway/bus/bus';
import type { Policy } from '@spillway/policy/policy';
import { reviewAgeDays } from '@spillway/policy/review';
import type { KeyedState } from '@spillway/store/keyed-state';
import { createLogger } from '@spillway/telemetry/logger';
import { gauge } from '@spillway/telemetry/metrics';
import { POLICY_REVIEW_AGE_DAYS } from '@spillway/telemetry/names';
import { auditKey } from './audit-ticket.js';
import { audits } from './audits.js';
import { caseProcess } from './case.process.js';
import { deadlineClock } from './deadline-clock.js';
import { driftObserver } from './drift-observer.js';
import { escalationGuard } from './escalation-guard.js';
import { observer } from './observe.js';
import { reviewReminder } from './review-reminder.js';
import { AUDITS, CASE_PROCESS, RouterController } from './router.controller.js';
import { shareWatch } from './share-watch.js';
import { standingPolicy } from './standing-policy.js';

export interface RouterParts {
  readonly bus: Bus;
  readonly state: KeyedState;
  readonly policy: Policy;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const DEADLINE_CLOCK = Symbol('deadline clock');
const REVIEW_REMINDER = Symbol('review reminder');
const SHARE_WATCH = Symbol('share watch');
/** A deadline of a minute need not be noticed sooner. */
const LOOK_EVERY_MS = 1_000;
/** An alarm is the sum of hundreds of answers: seconds do not matter to it. */
const ALARMS_EVERY_MS = 3_000;
/** As much as a process that is killed forgets, and at little traffic the longest that an alarm is late. */
const SHARES_EVERY_MS = 3_000;

@Module({ controllers: [RouterController] })
export class RouterModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    @Inject(DEADLINE_CLOCK) private readonly clock: ReturnType<typeof deadlineClock>,
    @Inject(REVIEW_REMINDER) private readonly reminder: ReturnType<typeof reviewReminder>,
    @Inject(SHARE_WATCH) private readonly shares: ReturnType<typeof shareWatch>,
  ) {}

  static with({ bus, state, policy, now }: RouterParts): DynamicModule {
    gauge(POLICY_REVIEW_AGE_DAYS, [], (age) => age.set(reviewAgeDays(policy, now())));
    const log = createLogger('router');
    const key = auditKey(state);
    const drift = driftObserver(log);
    const shares = shareWatch({
      state,
      bus,
      policy,
      log,
      now,
      everyMs: SHARES_EVERY_MS,
      onSaved: drift.shared,
    });
    const inForce = standingPolicy({
      state,
      policy,
      log,
      elapsed: () => performance.now(),
      everyMs: ALARMS_EVERY_MS,
    });
    return {
      module: RouterModule,
      providers: [
        {
          provide: CASE_PROCESS,
          useValue: caseProcess({
            state,
            policy: inForce,
            auditKey: key,
            now,
            escalations: escalationGuard(policy.escalationLimit, log),
            onActions: observer(policy.version),
            onTurn: shares.seen,
          }),
        },
        {
          provide: AUDITS,
          useValue: audits({ state, policy, auditKey: key, log, now, onLabel: drift.labelled }),
        },
        { provide: SHARE_WATCH, useValue: shares },
        { provide: REVIEW_REMINDER, useValue: reviewReminder({ policy, log, now }) },
        {
          provide: DEADLINE_CLOCK,
          useValue: deadlineClock({ state, bus, log, now, everyMs: LOOK_EVERY_MS }),
        },
      ],
    };
  }

  onApplicationBootstrap(): void {
    this.clock.start();
    this.reminder.start();
    this.shares.start();
  }

  async onModuleDestroy(): Promise<void> {
    this.reminder.stop();
    await this.clock.stop();
    await this.shares.stop();
  }
}
