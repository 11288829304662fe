import type { Pack } from '@spillway/pack/pack';
import { expect, it } from 'vitest';
import type { StepName } from '../language-model.js';
import { smallPack } from '../testing/small-pack.js';
import { embeddedFingerprints } from './fingerprint.js';

const pack = smallPack();
const example = { text: 'money back, please', mood: 'neutral' as const };
const [first, ...others] = pack.intents;
const relabelled = first === undefined ? [] : [{ ...first, examples: [example] }, ...others];

it.each<[string, Partial<Pack>, readonly StepName[]]>([
  ['an example', { intents: relabelled }, ['classify', 'sentiment', 'draft']],
  ['a field', { fields: pack.fields.slice(1) }, ['extract', 'draft']],
  ['a macro', { macros: pack.macros.slice(1) }, ['draft', 'polish']],
  ['the voice', { brand: { ...pack.brand, voice: 'Loud.' } }, ['draft', 'polish']],
  ['the country', { brand: { ...pack.brand, country: 'DE' } }, ['extract', 'draft', 'polish']],
  ['the policy', { policy: { ...pack.policy, version: '2' }, hash: '1'.repeat(64) }, []],
])('%s changes what rests on it alone', (_, changes, want) => {
  const before = embeddedFingerprints('small', pack);
  const after = embeddedFingerprints('small', smallPack(changes));
  const steps = ['classify', 'extract', 'sentiment', 'draft', 'polish'] as const;
  expect(steps.filter((step) => before(step) !== after(step))).toEqual(want);
  expect(before('classify')).toMatch(/^embedded-small\|v1\|trained:[0-9a-f]{8}$/);
});
