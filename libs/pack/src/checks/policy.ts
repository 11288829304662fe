import { didYouMean } from '../nearest.js';
import type { PackParts } from '../parts.js';
import { type PackProblem, quoted } from '../problems.js';
import { duplicates, entriesOf, namesOf, problemAt } from './names.js';

/** The policy speaks of intents that exist and says each thing once. */
export function checkPolicy({ policy, intents }: PackParts): readonly PackProblem[] {
  const labels = namesOf(intents.readable?.intents, (intent) => intent.label);
  const always = entriesOf(policy.readable?.always_person, ['always_person']);
  const channels = entriesOf(policy.readable?.customer_facing?.channels, ['customer_facing', 'channels']);
  const unknown = always.flatMap(([label, path]) => {
    if (labels === undefined || labels.has(label)) return [];
    return [problemAt(policy, path, `no intent is labelled ${quoted(label)}${didYouMean(label, labels)}`)];
  });
  return [...unknown, ...duplicates(policy, always), ...duplicates(policy, channels)];
}
