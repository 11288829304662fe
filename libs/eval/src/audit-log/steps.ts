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

/** Texts remembered with their steps at most: most calls bring one that has been seen. */
const MAX_REMEMBERED = 1_000;

/** Finds the step of a call; the same step is the same object. */
export function stepFinder(): (call: LoggedCall) => Step {
  const steps = new Map<string, Step>();
  const remembered = { name: remember(), prompt: remember(), schema: remember() };
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
    if (name !== undefined) return remembered.name(name, () => known(shownLabel(name), 'name'));
    const group = systemPrompt === undefined ? undefined : groupOf(systemPrompt);
    if (group !== undefined) {
      // One prompt that asks for several schemas is several steps.
      const asks = schema === undefined ? group : `${group} → ${schema}`;
      return remembered.prompt(asks, () => known(promptLabel(group, schema), 'prompt'));
    }
    if (schema === undefined) return ungrouped;
    return remembered.schema(schema, () => known(shownLabel(schema), 'schema'));
  };
}

function remember(): (text: string, stepOf: () => Step) => Step {
  const steps = new Map<string, Step>();
  return (text, stepOf) => {
    const known = steps.get(text);
    if (known !== undefined) return known;
    const step = stepOf();
    if (steps.size === MAX_REMEMBERED) steps.clear();
    steps.set(detached(text), step);
    return step;
  };
}

const promptLabel = (group: string, schema: string | undefined): string =>
  schema === undefined ? `prompt ${group}` : `prompt ${group} → ${shownLabel(schema)}`;

const CONTROL = /\p{C}+/gu;

/** A label that a terminal shows as it is, on one line. */
function shownLabel(text: string): string {
  const line = text.replace(CONTROL, ' ').trim();
  return detached(line.length > LONGEST_LABEL ? `${line.slice(0, LONGEST_LABEL - 1)}…` : line);
}
