import { expect, it } from 'vitest';
import { alarmReason, type DriftAlarm } from './drift-alarm.js';

const since = { sinceMs: Date.UTC(2026, 10, 25, 10, 42, 7) };
const audited = { ...since, signal: 'wrong', labels: 400, errors: 31, allowed: 0.05 } as const;

it.each<[string, Omit<DriftAlarm, 'response' | 'raisedAtMs'>, string]>([
  [
    'wrong answers',
    audited,
    '31 of 400 audited answers (7.75 %) were wrong since 2026-11-25 10:42 UTC, at most 5 % may be',
  ],
  [
    'answers that people call wrong',
    { ...audited, labelSource: 'truth' },
    '31 of 400 audited answers (7.75 %) were wrong by people’s labels since 2026-11-25 10:42 UTC, at most 5 % may be',
  ],
  [
    'answers that the big model does not agree with',
    { ...audited, labelSource: 'agreement' },
    '31 of 400 audited answers (7.75 %) differed from the big model’s answers since 2026-11-25 10:42 UTC, at most 5 % may be',
  ],
  [
    'answers under the threshold',
    { ...since, signal: 'below_threshold', labels: 240, errors: 96, allowed: 0.1955 },
    '96 of 240 answers (40 %) were under the threshold since 2026-11-25 10:42 UTC, at most 19.55 % were expected',
  ],
  [
    'answers out of scope',
    { ...since, signal: 'out_of_scope', labels: 9, errors: 9, allowed: 0.0231 },
    '9 of 9 answers (100 %) were called out of scope since 2026-11-25 10:42 UTC, at most 2.31 % were expected',
  ],
  [
    'answers that no label fits',
    { ...since, signal: 'outside_labels', labels: 50, errors: 20, allowed: 0.09 },
    '20 of 50 answers (40 %) had over a tenth of their probability outside of the labels since 2026-11-25 10:42 UTC, at most 9 % were expected',
  ],
  [
    'answers off the schema',
    { ...since, signal: 'off_schema', labels: 50, errors: 20, allowed: 0.02 },
    '20 of 50 answers (40 %) were off the schema at first since 2026-11-25 10:42 UTC, at most 2 % were expected',
  ],
])('an alarm of %s says what was seen, since when and against what', (_, alarm, want) =>
  expect(alarmReason(alarm)).toBe(want),
);
