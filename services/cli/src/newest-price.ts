import type { Pack } from '@spillway/pack/pack';

/** ISO date of the newest price of the pack's reference models that holds on a day. */
export function newestPrice({ models, reference }: Pack, day: string): string {
  const dates = [reference.small, reference.big].flatMap(
    (name) => models.find((model) => model.name === name)?.prices.map(({ from }) => from) ?? [],
  );
  return (
    dates
      .filter((date) => date <= day)
      .sort()
      .at(-1) ?? 'unknown date'
  );
}
