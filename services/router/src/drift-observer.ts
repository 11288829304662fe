import { alarmReason } from '@spillway/policy/drift-alarm';
import type { TaskName } from '@spillway/policy/policy';
import type { DriftWatch, RaisedAlarm, ShareWatch } from '@spillway/store/task-watch';
import type { Logger } from '@spillway/telemetry/logger';
import { counter, gauge } from '@spillway/telemetry/metrics';
import { DRIFT_ALARMS, DRIFT_STATISTIC, SHADOW_ERRORS, SHADOW_LABELS } from '@spillway/telemetry/names';
import type { ShadowWord } from './drift-detector.js';

/** Measures what the detectors of drift see, and logs their alarms with the reason. */
export function driftObserver(log: Logger) {
  const labels = counter(SHADOW_LABELS, ['step', 'source']);
  const errors = counter(SHADOW_ERRORS, ['step', 'source']);
  const statistic = gauge(DRIFT_STATISTIC, ['step', 'signal', 'source']);
  const alarms = counter(DRIFT_ALARMS, ['step', 'signal', 'source']);

  function alarm(step: TaskName, raised: RaisedAlarm | undefined): void {
    if (raised === undefined) return;
    const { signal, response, labelSource: source = 'none' } = raised;
    alarms.inc({ step, signal, source });
    log.error({ step, signal, source, response, reason: alarmReason(raised) }, 'drift alarm');
  }

  return {
    /** Told of every audit the first time that it counts. */
    labelled(
      step: TaskName,
      { wrong, source }: ShadowWord,
      { drift }: DriftWatch,
      raised?: RaisedAlarm,
    ): void {
      labels.inc({ step, source });
      if (wrong) errors.inc({ step, source });
      statistic.set({ step, signal: 'wrong', source }, drift.statistic);
      alarm(step, raised);
    },
    /** Told of the shares of all answers whenever they are saved. */
    shared(step: TaskName, shares: ShareWatch, raised?: RaisedAlarm): void {
      for (const [signal, { drift }] of Object.entries(shares)) {
        statistic.set({ step, signal, source: 'none' }, drift.statistic);
      }
      alarm(step, raised);
    },
  };
}
