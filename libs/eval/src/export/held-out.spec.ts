import { rowHash } from '@spillway/confidence/data-rows';
import { personalDataFinder } from '@spillway/models/personal-data';
import { loadPack } from '@spillway/pack/load';
import { describe, expect, it } from 'vitest';
import { heldOutRows } from './held-out.js';
import { masking } from './mask.js';

const folder = 'deploy/packs/support';
const pack = await loadPack(folder);
const held = await heldOutRows(folder, masking(pack, personalDataFinder(pack)));

describe('what is held out of an export', () => {
  it.each([
    ['classify', 'Inloggen lukt niet meer sinds vandaag'],
    ['sentiment', 'Wow that was quick! Great service'],
    ['extract, with another order number', 'Where is my order [ORDER_NUMBER_1]? I placed it on 12 November.'],
    ['draft', "any update on my order? can't find the number"],
    ['polish', 'Third time I ask. Nothing has come.'],
  ])('a message of the eval set of %s', (_, text) => expect(held.has(rowHash(text))).toBe(true));

  it('no other message', () => expect(held.has(rowHash('Do you sell tents?'))).toBe(false));

  it('nothing, where there are no eval sets', async () =>
    expect(await heldOutRows('deploy', masking(pack, personalDataFinder(pack)))).toEqual(new Set()));
});
