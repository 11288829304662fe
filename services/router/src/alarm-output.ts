import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { emit, type Outgoing } from '@spillway/contracts/event';
import { AlarmRaisedSchema, LabelSource } from '@spillway/contracts/events';
import type { TaskName } from '@spillway/policy/policy';
import type { RaisedAlarm } from '@spillway/store/task-watch';

const sources = { truth: LabelSource.TRUTH, agreement: LabelSource.AGREEMENT } as const;

/** The event that tells of an alarm. The same alarm makes the same event, id included, however often it is made. */
export function alarmOutgoing(task: TaskName, policyVersion: string, alarm: RaisedAlarm): Outgoing {
  const { signal, messageId, statistic, level, labels, errors, allowed, response, labelSource } = alarm;
  return emit(
    AlarmRaisedSchema,
    {
      task,
      signal,
      messageId,
      policyVersion,
      statistic,
      level,
      labels,
      errors,
      allowed,
      response,
      raisedAt: timestampFromMs(alarm.raisedAtMs),
      since: timestampFromMs(alarm.sinceMs),
      ...(labelSource === undefined ? {} : { labelSource: sources[labelSource] }),
    },
    signal === 'wrong' ? task : `${task}:${signal}`,
  );
}
