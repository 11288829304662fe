import { binomialCdf } from '@spillway/confidence/binomial';
import { binOf } from '@spillway/confidence/early-warning';
import { tasks } from '../files.js';
import type { PackParts } from '../parts.js';
import type { PackProblem } from '../problems.js';
import { problemAt } from './names.js';

type TaskFile = NonNullable<NonNullable<NonNullable<PackParts['policy']['readable']>['tasks']>['classify']>;

/** Certificates say what their counts bear out, and are watched where that is possible. */
export function checkCertificates({ policy }: PackParts): readonly PackProblem[] {
  return tasks.flatMap((task) => {
    const file = policy.readable?.tasks?.[task];
    if (file === undefined) return [];
    const findings = [
      ...misplaced(task, file),
      ...evidence(file),
      ...expectations(task, file),
      ...spread(file),
    ];
    return findings.map(([key, message]) => problemAt(policy, ['tasks', task, ...key], message));
  });
}

type Finding = readonly [key: readonly string[], message: string];

function misplaced(task: (typeof tasks)[number], { certificate, shadow }: TaskFile): readonly Finding[] {
  if (task === 'polish' && certificate !== undefined) {
    return [[['certificate'], 'no small model polishes: there is nothing to certify']];
  }
  if (task === 'polish' && shadow !== undefined) {
    return [[['shadow'], 'no small model polishes: there is nothing to audit']];
  }
  if (task === 'draft' && shadow !== undefined && shadow.by !== 'person') {
    return [[['shadow'], 'two replies are never equal, no model can audit them: set `by: person`']];
  }
  return [];
}

/** What was expected of a task's answers cannot be of more answers than there were. */
function expectations(task: (typeof tasks)[number], { certificate }: TaskFile): readonly Finding[] {
  const { rows, ...counts } = certificate?.expected ?? {};
  if (rows === undefined) return [];
  const strange: readonly Finding[] =
    task !== 'classify' && counts.out_of_scope !== undefined
      ? [
          [
            ['certificate', 'expected', 'out_of_scope'],
            'only classify tells what is out of scope: leave it out',
          ],
        ]
      : [];
  const scored = counts.scores?.reduce<number>((sum, count = 0) => sum + count, 0);
  const most = { ...counts, scores: scored };
  return [
    ...strange,
    ...Object.entries(most).flatMap(([key, count = 0]): readonly Finding[] =>
      count > rows ? [[['certificate', 'expected', key], `must be at most the ${rows} rows`]] : [],
    ),
  ];
}

/** Rates follow an error that somebody has to expect. */
function spread({ threshold, certificate, shadow }: TaskFile): readonly Finding[] {
  if (shadow?.spread !== 'expected_error') return [];
  const { scores } = certificate?.expected ?? {};
  if (scores === undefined) {
    return [[['shadow', 'spread'], 'needs a certificate with expected: spillway tune writes one']];
  }
  const kept = scores.slice(binOf(threshold ?? 0, scores.length));
  return kept.some((count = 0) => count > 0)
    ? []
    : [[['certificate', 'expected', 'scores'], 'must have answers from the threshold on']];
}

function evidence({ certificate }: TaskFile): readonly Finding[] {
  const { target, delta, mode, rows, accepted, errors } = certificate ?? {};
  if (rows === undefined || accepted === undefined || errors === undefined) return [];
  if (accepted > rows) return [[['certificate', 'accepted'], `must be at most the ${rows} rows`]];
  if (errors > accepted) return [[['certificate', 'errors'], `must be at most the ${accepted} accepted`]];
  if (target === undefined) return [];
  if (mode !== 'joint' && delta === undefined) {
    return [[['certificate'], '"delta" is missing: only a joint certificate has none']];
  }
  const holds =
    mode === 'joint'
      ? (errors + 1) / (rows + 1) <= target
      : binomialCdf(errors, accepted, target) <= (delta ?? 0);
  if (holds) return [];
  const found =
    mode === 'joint' ? `${errors} errors in ${rows} rows` : `${errors} errors among ${accepted} accepted`;
  const message = `${found} do not certify this target: spillway tune writes what they do certify`;
  return [[['certificate', 'target'], message]];
}
