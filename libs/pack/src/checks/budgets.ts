import { didYouMean } from '../nearest.js';
import type { PackParts } from '../parts.js';
import { type PackProblem, quoted } from '../problems.js';
import { entriesOf, isPriced, namesOf, type Path, problemAt } from './names.js';

/** Caps stand once, and hold endpoints that have a price: a call cannot be held to a cap without one. */
export function checkBudgets({ policy, models }: PackParts): readonly PackProblem[] {
  const caps = entriesOf(policy.readable?.budgets?.caps, ['budgets', 'caps']);
  const names = namesOf(models.readable?.models, (model) => model.name);
  const seen = new Map<string, Path>();
  return caps.flatMap(([cap, path]) => {
    const say = (message: string, key: 'per' | 'model'): PackProblem[] => [
      problemAt(policy, [...path, key], message),
    ];
    const kind = `${cap.per} ${cap.model ?? ''}`;
    const first = seen.get(kind);
    if (first !== undefined) {
      const { line } = policy.place(first);
      return say(`a cap of this kind stands in line ${line} already: keep one of the two`, 'per');
    }
    seen.set(kind, path);
    if (cap.model === undefined) return unpriced(models).flatMap((name) => say(needsPrice(name), 'per'));
    const model = models.readable?.models?.find((each) => each?.name === cap.model);
    if (model === undefined) {
      if (names === undefined) return [];
      return say(`no model is called ${quoted(cap.model)}${didYouMean(cap.model, names)}`, 'model');
    }
    if (model.driver === 'embedded') {
      return say(`${quoted(cap.model)} runs here and costs nothing: remove the cap`, 'model');
    }
    return isPriced(model) ? [] : say(needsPrice(cap.model), 'model');
  });
}

const needsPrice = (name: string): string =>
  `${quoted(name)} has no price for input and output in models.yaml: its calls cannot be held to a cap`;

/** Endpoints that serve a step and have no price. */
function unpriced({ readable }: PackParts['models']): readonly string[] {
  const used = new Set(Object.values(readable?.steps ?? {}).flatMap((pair) => [pair?.small, pair?.big]));
  return (readable?.models ?? []).flatMap((model) =>
    model?.name !== undefined && model.driver === 'openai' && used.has(model.name) && !isPriced(model)
      ? [model.name]
      : [],
  );
}
