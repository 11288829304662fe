import { loadPack } from '@spillway/pack/load';
import { expect, it } from 'vitest';
import { newestPrice } from './newest-price.js';

const pack = await loadPack('deploy/packs/support');
const [model] = pack.models.filter(({ name }) => name === pack.reference.big);
const priced = (name: string, ...days: readonly string[]) => ({
  ...(model as NonNullable<typeof model>),
  name,
  prices: days.map((from) => ({ ...(model?.prices[0] as NonNullable<typeof model>['prices'][0]), from })),
});
const models = [
  priced('little', '2026-01-01'),
  priced('large', '2026-02-01', '2026-12-24'),
  priced('other', '2026-06-01'),
];
const priceList = { models, reference: { small: 'little', big: 'large' } };

it.each([
  ['of the reference models, the newest that holds', undefined, '2026-02-01'],
  ['of the models that are compared', ['little', 'other'], '2026-06-01'],
  ['of one that the pack does not price', ['unheard of'], 'unknown date'],
])('%s', (_, names, day) => expect(newestPrice(priceList, '2026-11-30', names)).toBe(day));
