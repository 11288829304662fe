import { detached } from './detached.js';
import type { LoggedCall } from './logged-call.js';
import { promptGroups } from './prompt-groups.js';

/** How calls came to be one step: a name that the team gave, alike system prompts, the same schema or tool, or nothing. */
type GroupedBy = 'name' | 'prompt' | 'schema' | 'nothing';

export interface Step {
  /** The team's own name, or a fingerprint: never a prompt's words. */
  readonly label: string;
  readonly by: GroupedBy;
}

/** Steps at most; what comes after them is one step of its own, so that a log of any length takes the same memory. */
const MAX_STEPS = 500;
const LONGEST_LABEL = 60;

const ungrouped: Step = { label: '(ungrouped)', by: 'nothing' };
const others: Step = { label: '(other steps)', by: 'nothing' };

/** Finds the step of a call; the same step is the same object. */
export function stepFinder(): (call: LoggedCall) => Step {
  const steps = new Map<string, Step>();
  const groupOf = promptGroups();

  function known(label: string, by: GroupedBy): Step {
    const key = `${by}\n${label}`;
    const step = steps.get(key);
    if (step !== undefined) return step;
    if (steps.size === MAX_STEPS) return others;
    const added = { label, by };
    steps.set(key, added);
    return added;
  }

  return ({ name, systemPrompt, schema }) => {
    if (name !== undefined) return known(shownLabel(name), 'name');
    const group = systemPrompt === undefined ? undefined : groupOf(systemPrompt);
    if (group !== undefined) {
      // One prompt that asks for several schemas is several steps.
      const asks = schema === undefined ? '' : ` → ${shownLabel(schema)}`;
      return known(`prompt ${group}${asks}`, 'prompt');
    }
    return schema === undefined ? ungrouped : known(shownLabel(schema), 'schema');
  };
}

const CONTROL = /\p{C}+/gu;

/** A label that a terminal shows as it is, on one line. */
function shownLabel(text: string): string {
  const line = text.replace(CONTROL, ' ').trim();
  return detached(line.length > LONGEST_LABEL ? `${line.slice(0, LONGEST_LABEL - 1)}…` : line);
}
