import { Fault } from '@spillway/contracts/fault';
import type { Budget, CapUsage } from '@spillway/store/budget';
import type { Logger } from '@spillway/telemetry/logger';
import { gauge } from '@spillway/telemetry/metrics';
import * as names from '@spillway/telemetry/names';

const measures: readonly (readonly [typeof names.BUDGET_CAP_NANOS, (usage: CapUsage) => bigint])[] = [
  [names.BUDGET_CAP_NANOS, ({ cap }) => cap.nanos],
  [names.BUDGET_SPENT_NANOS, ({ spentNanos }) => spentNanos],
  [names.BUDGET_RESERVED_NANOS, ({ reservedNanos }) => reservedNanos],
];

/** Lets `/metrics` tell how far each cap is used; nothing, while the budget is out of reach. */
export function measureBudget(budget: Budget, log: Logger): void {
  let asked: Promise<readonly CapUsage[]> | undefined;

  /** All measures of one reading share one question. */
  function usage(): Promise<readonly CapUsage[]> {
    asked ??= budget
      .usage()
      .catch((error: unknown) => {
        log.warn({ code: Fault.from(error).code }, 'the budget could not be measured');
        return [];
      })
      .finally(() => {
        asked = undefined;
      });
    return asked;
  }

  for (const [metric, read] of measures) {
    gauge(metric, ['model', 'per'], async (measured) => {
      const caps = await usage();
      measured.reset();
      for (const each of caps) {
        const { model = 'all', per } = each.cap;
        measured.set({ model, per }, Number(read(each)));
      }
    });
  }
}
