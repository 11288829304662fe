import { alarmReason } from '@spillway/policy/drift-alarm';
import type { TaskName } from '@spillway/policy/policy';
import type { DriftWatch, RaisedAlarm, ShareWatch } from '@spillway/store/task-watch';
import type { Logger } from '@spillway/telemetry/logger';
import { counter, gauge } from '@spillway/telemetry/metrics';
import { DRIFT_ALARMS, DRIFT_STATISTIC, SHADOW_ERRORS, SHADOW_LABELS } from '@spillway/telemetry/names';

/** Measures what the detectors of drift see, and logs their alarms with the reason. */
export function driftObserver(log: Logger) {
  const labels = counter(SHADOW_LABELS, ['step']);
  const errors = counter(SHADOW_ERRORS, ['step']);
  const statistic = gauge(DRIFT_STATISTIC, ['step', 'signal']);
  const alarms = counter(DRIFT_ALARMS, ['step', 'signal']);

  function alarm(step: TaskName, raised: RaisedAlarm | undefined): void {
    if (raised === undefined) return;
    const { signal, response } = raised;
    alarms.inc({ step, signal });
    log.error({ step, signal, response, reason: alarmReason(raised) }, 'drift alarm');
  }

  return {
    /** Told of every audit the first time that it counts. */
    labelled(step: TaskName, wrong: boolean, watch: DriftWatch, raised?: RaisedAlarm): void {
      labels.inc({ step });
      if (wrong) errors.inc({ step });
      statistic.set({ step, signal: 'wrong' }, watch.drift.statistic);
      alarm(step, raised);
    },
    /** Told of the shares of all answers whenever they are saved. */
    shared(step: TaskName, shares: ShareWatch, raised?: RaisedAlarm): void {
      for (const [signal, { drift }] of Object.entries(shares)) {
        statistic.set({ step, signal }, drift.statistic);
      }
      alarm(step, raised);
    },
  };
}
