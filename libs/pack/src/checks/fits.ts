import type { PackParts } from '../parts.js';
import { type PackProblem, quoted } from '../problems.js';
import { problemAt } from './names.js';

/** What was fitted to one step is not taken for another. */
export function checkFits({ fits }: PackParts): readonly PackProblem[] {
  return Object.entries(fits).flatMap(([task, part]) => {
    const step = part.readable?.step;
    if (step === undefined || step === task) return [];
    return [
      problemAt(
        part,
        ['step'],
        `this was fitted to ${quoted(step)}: it belongs into confidence/${step}.json`,
      ),
    ];
  });
}
