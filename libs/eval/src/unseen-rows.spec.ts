import { describe, expect, it } from 'vitest';
import { unseenRows } from './unseen-rows.js';

const pack = {
  intents: [
    {
      label: 'order_status',
      queue: 'orders',
      description: '',
      examples: [{ text: 'Where is it?', mood: 'neutral' as const }],
    },
  ],
};
const row = (text: string) => ({ input: { text } });

describe('rows that an embedded model was not trained on', () => {
  it.each([
    ['its own examples are left out, whatever their case', 'classify', ['WHERE is it? ', 'New'], ['New']],
    ['for the mood too', 'sentiment', ['Where is it?'], []],
    ['a step that learns nothing keeps all', 'extract', ['Where is it?'], ['Where is it?']],
    ['and so do replies', 'draft', ['Where is it?'], ['Where is it?']],
  ])('%s', (_, step, texts, kept) => {
    expect(unseenRows(step, texts.map(row), pack)).toEqual(kept.map(row));
  });
});
