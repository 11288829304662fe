import {
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { Bus } from '@spillway/bus/bus';
import type { Policy } from '@spillway/policy/policy';
import type { KeyedState } from '@spillway/store/keyed-state';
import { createLogger } from '@spillway/telemetry/logger';
import { gauge } from '@spillway/telemetry/metrics';
import { POLICY_AGE_DAYS } from '@spillway/telemetry/names';
import { caseProcess } from './case.process.js';
import { deadlineClock } from './deadline-clock.js';
import { observer } from './observe.js';
import { CASE_PROCESS, RouterController } from './router.controller.js';

export interface RouterParts {
  readonly bus: Bus;
  readonly state: KeyedState;
  readonly policy: Policy;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const DEADLINE_CLOCK = Symbol('deadline clock');
/** A deadline of a minute need not be noticed sooner. */
const LOOK_EVERY_MS = 250;
const DAY_MS = 86_400_000;

@Module({ controllers: [RouterController] })
export class RouterModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(@Inject(DEADLINE_CLOCK) private readonly clock: ReturnType<typeof deadlineClock>) {}

  static with({ bus, state, policy, now }: RouterParts): DynamicModule {
    gauge(POLICY_AGE_DAYS, [], (age) =>
      age.set(Math.floor((now() - Date.parse(policy.reviewedOn)) / DAY_MS)),
    );
    const log = createLogger('router');
    return {
      module: RouterModule,
      providers: [
        {
          provide: CASE_PROCESS,
          useValue: caseProcess({ state, policy, now, onActions: observer(policy.version) }),
        },
        {
          provide: DEADLINE_CLOCK,
          useValue: deadlineClock({ state, bus, log, now, everyMs: LOOK_EVERY_MS }),
        },
      ],
    };
  }

  onApplicationBootstrap(): void {
    this.clock.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.clock.stop();
  }
}
