import type { Pack } from '@spillway/pack/pack';

/** ISO date of the newest price that holds on a day, of some models of the pack, or else of its reference models. */
export function newestPrice(
  { models, reference }: Pick<Pack, 'models' | 'reference'>,
  day: string,
  names: readonly string[] = [reference.small, reference.big],
): string {
  const dates = names.flatMap(
    (name) => models.find((model) => model.name === name)?.prices.map(({ from }) => from) ?? [],
  );
  return (
    dates
      .filter((date) => date <= day)
      .sort()
      .at(-1) ?? 'unknown date'
  );
}
