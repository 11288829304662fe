import type { Pack } from '@spillway/pack/pack';

const template = (asks: string) => ({
  system: `You work for {{company}}. ${asks}`,
  user: 'Subject: {{subject}}\n{{text}}',
});

const task = { threshold: 0.7, holdBelow: 0, fallback: 'escalate' } as const;

/** A pack of a few lines, for specs. What a spec cares about it says itself. */
export function smallPack(changes: Partial<Pack> = {}): Pack {
  return {
    directory: '/nowhere',
    hash: '0'.repeat(64),
    name: 'small',
    brand: {
      company: 'Acme',
      voice: 'Plain and warm.',
      salutations: { en: { greeting: 'Hi {{customer_name|there}},', closing: 'The Acme team' } },
      wordings: [{ avoid: 'asap', prefer: 'today' }],
      currency: 'EUR',
      country: 'IE',
      timeZone: 'Europe/Dublin',
    },
    intents: [
      { label: 'refund_request', queue: 'billing', description: 'wants money back', examples: [] },
      { label: 'refund_status', queue: 'billing', description: 'asks where the money is', examples: [] },
      { label: 'cancel', queue: 'retention', description: 'wants to leave', examples: [] },
      { label: 'out_of_scope', queue: 'general', description: 'anything else', examples: [] },
    ],
    fields: [
      {
        name: 'order_number',
        kind: 'pattern',
        description: 'A-123',
        patterns: ['[aA]-\\d+'],
        normalise: 'upper',
      },
      { name: 'due_date', kind: 'date', description: 'a date', patterns: [], normalise: 'none' },
      { name: 'amount', kind: 'money', description: 'a sum', patterns: [], normalise: 'none' },
    ],
    macros: [
      {
        id: 'refund-en',
        intent: 'refund_request',
        locale: 'en',
        title: 'Refund',
        text: 'We refund {{amount|it}}.',
      },
      {
        id: 'refund-de',
        intent: 'refund_request',
        locale: 'de',
        title: 'Erstattung',
        text: 'Wir erstatten.',
      },
    ],
    prompts: {
      classify: template('Pick one of\n{{labels}}'),
      extract: template('Find\n{{fields}}'),
      sentiment: template('Say the mood.'),
      draft: template('Reply. {{salutation}}\n{{macros}}\n{{extracted}} {{mood}} {{intent}} {{locale}}'),
      polish: { system: '{{voice}}\n{{wordings}}', user: '{{text}}\nDraft:\n{{draft}}' },
    },
    models: [
      {
        name: 'little',
        driver: 'openai',
        tier: 'small',
        model: 'little-8b',
        baseUrl: 'http://127.0.0.1:1/v1',
        timeoutMs: 2_000,
        maxAttempts: 2,
        concurrency: 4,
        prices: [
          {
            from: '2026-01-01',
            inputPerMillion: 1_000_000_000n,
            cachedInputPerMillion: 100_000_000n,
            outputPerMillion: 2_000_000_000n,
          },
        ],
      },
      {
        name: 'house',
        driver: 'embedded',
        tier: 'big',
        model: 'house',
        timeoutMs: 1_000,
        maxAttempts: 1,
        concurrency: 1,
        prices: [],
      },
    ],
    steps: {
      classify: { small: 'little', big: 'house' },
      extract: { small: 'little', big: 'house' },
      sentiment: { small: 'little', big: 'house' },
      draft: { small: 'little', big: 'house' },
      polish: { small: 'little', big: 'house' },
    },
    reference: { small: 'little', big: 'house' },
    policy: {
      version: '1',
      reviewedOn: '2026-11-01',
      tasks: { classify: task, extract: task, sentiment: task, draft: task, polish: task },
      customerFacing: { channels: [] },
      depth: { minCharacters: 1_000, minQuestions: 4, minAttachments: 2 },
      alwaysPerson: [],
      deadlines: { smallMs: 8_000, bigMs: 60_000 },
    },
    evalTerms: {
      classify: { margin: 0.02 },
      extract: { margin: 0.02 },
      sentiment: { margin: 0.02 },
      draft: { margin: 0.02 },
      polish: { margin: 0.02 },
    },
    fits: {},
    ...changes,
  };
}
