import type { DynamicModule } from '@nestjs/common';
import { BUS, type Bus } from '@spillway/bus/bus';
import type { Pack } from '@spillway/pack/pack';
import { BUDGET, type Budget } from '@spillway/store/budget';
import { KEYED_STATE, type KeyedState } from '@spillway/store/keyed-state';
import { LEDGER, type Ledger } from '@spillway/store/ledger';
import { BudgetsController } from './budgets.controller.js';
import { Intake } from './intake.js';
import { LabelController } from './label.controller.js';
import type { Vocabulary } from './label-request.js';
import { Labels, VOCABULARY } from './labels.js';
import { MessageController } from './message.controller.js';
import { POLICY, PolicyController } from './policy.controller.js';
import { ReplayController } from './replay.controller.js';
import { Replays } from './replays.js';
import { SavingsController } from './savings.controller.js';
import { StreamController } from './stream.controller.js';
import { StreamHub } from './stream-hub.js';

/** What the gateway works with; whoever made them closes them, after the server. */
export interface GatewayParts {
  readonly bus: Bus;
  readonly state: KeyedState;
  readonly ledger: Ledger;
  /** For its policy, and for what labels are made of. */
  readonly pack: Vocabulary & Pick<Pack, 'policy'>;
  /** Absent where the policy has no caps. */
  readonly budget?: Budget | undefined;
}

/** The door for messages: takes them in, and shows what became of them. */
export class GatewayModule {
  static with({ bus, state, ledger, pack, budget }: GatewayParts): DynamicModule {
    return {
      module: GatewayModule,
      controllers: [
        BudgetsController,
        MessageController,
        LabelController,
        PolicyController,
        ReplayController,
        SavingsController,
        StreamController,
      ],
      providers: [
        { provide: BUS, useValue: bus },
        { provide: KEYED_STATE, useValue: state },
        { provide: LEDGER, useValue: ledger },
        { provide: POLICY, useValue: pack.policy },
        { provide: VOCABULARY, useValue: pack },
        { provide: BUDGET, useValue: budget ?? null },
        Intake,
        Labels,
        Replays,
        StreamHub,
      ],
    };
  }
}
