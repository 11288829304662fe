import { didYouMean } from '../nearest.js';
import type { PackParts } from '../parts.js';
import { type PackProblem, quoted } from '../problems.js';
import { duplicates, entriesOf, isPriced, namesOf, type Path, problemAt } from './names.js';

type Model = NonNullable<NonNullable<NonNullable<PackParts['models']['readable']>['models']>[number]>;

/** Steps and reference name models that exist, of the right tier, with an address and prices where they need them. */
export function checkModels({ models }: PackParts): readonly PackProblem[] {
  const list = entriesOf(models.readable?.models, ['models']);
  const named = new Map(list.map(([model, path]) => [model.name, { model, path }]));
  const names = namesOf(models.readable?.models, (model) => model.name);
  const problems = duplicates(
    models,
    list.map(([model, path]) => [model.name, [...path, 'name']]),
  );
  for (const [name, tier, path] of choicesOf(models.readable)) {
    const say = (message: string) => problems.push(problemAt(models, path, message));
    const found = named.get(name);
    if (found === undefined) {
      if (names !== undefined) say(`no model is called ${quoted(name)}${didYouMean(name, names)}`);
      continue;
    }
    const { model } = found;
    if (model.tier !== undefined && model.tier !== tier)
      say(`${quoted(name)} is a ${model.tier} model, not a ${tier} one`);
    if (path[0] === 'steps' && model.driver === 'openai' && model.base_url === undefined) {
      say(`${quoted(name)} has no address: give it a "base_url"`);
    }
    if (path[0] === 'reference' && !isPriced(model)) {
      say(`${quoted(name)} has no price for input and output: a bill cannot be projected with it`);
    }
  }
  return [...problems, ...list.flatMap(([model, path]) => checkModel(models, model, path))];
}

/** Each choice of a model as name, tier and path. */
function choicesOf(file: PackParts['models']['readable']): [string, 'small' | 'big', Path][] {
  const steps = Object.entries(file?.steps ?? {}).map(([task, pair]) => [pair, ['steps', task]] as const);
  return [...steps, [file?.reference, ['reference']] as const].flatMap(([pair, path]) =>
    (['small', 'big'] as const).flatMap((tier): [string, 'small' | 'big', Path][] => {
      const name = pair?.[tier];
      return name === undefined ? [] : [[name, tier, [...path, tier]]];
    }),
  );
}

function checkModel(models: PackParts['models'], model: Model, path: Path): PackProblem[] {
  const prices = entriesOf(model.prices, [...path, 'prices']);
  if (model.driver === 'embedded') {
    return (['base_url', 'api_key_variable', 'samples', 'prices'] as const).flatMap((key) => {
      const isGiven = key === 'prices' ? prices.length > 0 : model[key] !== undefined;
      const message = `an embedded model runs here, costs nothing and answers alike: remove "${key}"`;
      return isGiven ? [problemAt(models, [...path, key], message)] : [];
    });
  }
  return prices.flatMap(([price, at], index) => {
    const before = prices[index - 1]?.[0].from;
    if (before === undefined || price.from === undefined || before < price.from) return [];
    const message = `prices stand oldest first, and ${before} comes before ${price.from} in this list: sort them`;
    return [
      problemAt(
        models,
        [...at, 'from'],
        before === price.from ? `two prices hold from ${before}: keep one` : message,
      ),
    ];
  });
}
