import { personalDataFinder } from '@spillway/models/personal-data';
import { smallPack } from '@spillway/models/testing/small-pack';
import { expect, it } from 'vitest';
import { masking } from './mask.js';
import { modelCard } from './model-card.js';
import { rowGatherer } from './rows.js';
import { summaryOf } from './summary.js';
import { answered, classified, message } from './testing/message.js';

const pack = smallPack();
const facts = {
  pack: 'acme',
  packHash: '0123456789abcdef',
  format: 'openai',
  day: '2026-11-30',
  masked: true,
} as const;

function summary() {
  const gatherer = rowGatherer({
    pack,
    step: 'classify',
    sources: new Set(['corrected', 'big']),
    masking: masking(pack, personalDataFinder(pack)),
    unmasked: false,
    heldOut: new Set(),
    splitKey: 'acme',
  });
  const house = { ...answered('classify', 'big', classified('cancel')), model: 'house', embedded: true };
  gatherer.add(
    message('one', { text: 'first secret', steps: [answered('classify', 'human', classified('cancel'))] }),
  );
  gatherer.add(
    message('two', { text: 'second secret', steps: [house], receivedAtMs: Date.UTC(2026, 10, 25) }),
  );
  gatherer.add(
    message('three', { text: 'third secret', steps: [answered('classify', 'big', classified('gone'))] }),
  );
  return summaryOf('classify', gatherer.finish());
}

it('says what the data is, whose word it rests on, and what is left to a person', () => {
  const card = modelCard(summary(), facts);
  expect(card).toContain('2 rows of messages received from 2026-11-24 to 2026-11-25');
  expect(card).toMatch(/\| cancel \| \d \| \d \| \d \|/);
  expect(card).toContain('| labelled | a person labelled the message | 1 |');
  expect(card).toContain('| house (embedded: no language model) | 1 |');
  expect(card).toContain(
    'the answer does not fit the pack and the message: another label, field, macro or form | 1 |',
  );
  expect(card).toMatch(/## Licence\n\n_Fill in/);
  expect(card).toContain('## What it must not be used for');
  expect(card).not.toContain('secret');
});

it('warns of data that is not masked', () => {
  expect(modelCard(summary(), { ...facts, masked: false })).toContain(
    '**Not masked: this data holds personal data',
  );
});
