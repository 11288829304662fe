import { personalDataFinder } from '@spillway/models/personal-data';
import { smallPack } from '@spillway/models/testing/small-pack';
import type { StepName, StepTier } from '@spillway/store/ledger';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineWriter } from './formats.js';
import { masking } from './mask.js';
import { type ExportedMessage, rowGatherer } from './rows.js';
import { answered, classified, drafted, message, mood } from './testing/message.js';

const field = (name: string, kind: 'pattern' | 'email' | 'phone') =>
  ({ name, kind, description: '', patterns: ['\\b(zz[0-9]{6})\\b'], normalise: 'upper' }) as const;
const pack = smallPack({
  fields: [
    field('order_number', 'pattern'),
    field('holder', 'pattern'),
    field('email', 'email'),
    field('phone', 'phone'),
  ],
});
const mask = masking(pack, personalDataFinder(pack));

/** What a model may read as a value: no rule of the pack finds most of these. */
const word = fc.stringMatching(/^[A-Za-z][a-z]{4,9}$/);
const value = fc.record({
  name: fc.constantFrom('order_number', 'holder', 'email', 'phone'),
  value: fc.oneof(
    fc.stringMatching(/^[A-Z]{2}-?[0-9]{4,7}$/),
    fc.tuple(word, word).map((words) => words.join(' ')),
    fc.stringMatching(/^[1-9][0-9]{3,12}$/),
    word.map((name) => `${name}@mail.test`),
  ),
});
type Value = { readonly name: string; readonly value: string };

const written = fc.constantFrom<(text: string) => string>(
  (text) => text,
  (text) => text.toUpperCase(),
  (text) => text.toLowerCase(),
);
/** A message names some values of its conversation, whichever message they were read out of. */
const said = fc.record({
  which: fc.array(fc.tuple(fc.nat(), written), { maxLength: 4 }),
  reads: fc.array(value, { maxLength: 3 }),
});
const tiers = fc.constantFrom<StepTier>('small', 'big', 'human');
const conversation = fc.array(fc.tuple(said, tiers), { minLength: 1, maxLength: 4 });

const stepOf = (step: StepName) =>
  answered(
    step,
    'big',
    step === 'classify' ? classified('cancel') : step === 'sentiment' ? mood('neutral') : drafted('Soon.'),
  );

function messagesOf(
  parts: readonly (readonly [
    {
      readonly which: readonly (readonly [number, (text: string) => string])[];
      readonly reads: readonly Value[];
    },
    StepTier,
  ])[],
): {
  readonly messages: readonly ExportedMessage[];
  readonly values: readonly string[];
} {
  const all = parts.flatMap(([{ reads }]) => reads);
  const messages = parts.map(([{ which, reads }, tier], at) => {
    const named =
      all.length === 0 ? [] : which.map(([pick, way]) => way(all[pick % all.length]?.value ?? ''));
    const own = reads.map((one) => one.value);
    const text = [`message ${'x'.repeat(at)} says`, ...own, ...named, 'and no more'].join(', ');
    const fields = reads.map((one) => {
      const start = text.indexOf(one.value);
      return { ...one, confidence: 1, start, end: start + one.value.length };
    });
    return message(`m${at}`, {
      conversationId: 'one',
      text,
      subject: named[0] ?? '',
      steps: [
        answered('extract', tier, { kind: 'extraction', fields }),
        ...(['classify', 'sentiment', 'draft'] as const).map(stepOf),
      ],
    });
  });
  return { messages, values: all.map((one) => one.value) };
}

function exported(step: StepName, messages: readonly ExportedMessage[]): string {
  const gatherer = rowGatherer({
    pack,
    step,
    sources: new Set(['corrected', 'big']),
    masking: mask,
    unmasked: false,
    heldOut: new Set(),
    splitKey: 'acme',
  });
  for (const each of messages) gatherer.add(each);
  const line = lineWriter('jsonl', step, pack);
  return gatherer.finish().rows.map(line).join('\n');
}

/** As a word of its own: a value of letters may be part of another word. */
const standsIn = (text: string, value: string): boolean => {
  const literal = value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`, 'iu').test(text);
};

describe('what was read out of a conversation', () => {
  it.each<StepName>(['classify', 'sentiment', 'draft'])(
    'stands in no row of %s, however it is written',
    (step) => {
      fc.assert(
        fc.property(conversation, (parts) => {
          const { messages, values } = messagesOf(parts);
          const text = exported(step, messages);
          expect(text).toContain('and no more');
          expect(values.filter((one) => standsIn(text, one))).toEqual([]);
        }),
        { numRuns: 200 },
      );
    },
  );
});
