import { tasks } from '../files.js';
import type { PackParts } from '../parts.js';
import type { PackProblem } from '../problems.js';
import { problemAt } from './names.js';

type TaskFile = NonNullable<NonNullable<NonNullable<PackParts['policy']['readable']>['tasks']>['classify']>;

/** Certificates say what can be true, and are watched where that is possible. */
export function checkCertificates({ policy }: PackParts): readonly PackProblem[] {
  return tasks.flatMap((task) => {
    const file = policy.readable?.tasks?.[task];
    if (file === undefined) return [];
    return [...misplaced(task, file), ...counts(file)].map(([key, message]) =>
      problemAt(policy, ['tasks', task, ...key], message),
    );
  });
}

type Finding = readonly [key: readonly string[], message: string];

function misplaced(task: (typeof tasks)[number], { certificate, shadow }: TaskFile): readonly Finding[] {
  if (task === 'polish' && certificate !== undefined) {
    return [[['certificate'], 'no small model polishes: there is nothing to certify']];
  }
  if ((task === 'draft' || task === 'polish') && shadow !== undefined) {
    return [
      [
        ['shadow'],
        'two replies are never equal, no model can audit them: leave it out, and let people label',
      ],
    ];
  }
  return [];
}

function counts({ certificate }: TaskFile): readonly Finding[] {
  const { rows, accepted, errors } = certificate ?? {};
  const findings: Finding[] = [];
  if (rows !== undefined && accepted !== undefined && accepted > rows) {
    findings.push([['certificate', 'accepted'], `must be at most the ${rows} rows`]);
  }
  if (accepted !== undefined && errors !== undefined && errors > accepted) {
    findings.push([['certificate', 'errors'], `must be at most the ${accepted} accepted`]);
  }
  return findings;
}
