import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fault } from '@spillway/contracts/fault';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadInbox } from './inbox.js';
import { loadPack, packOf } from './load.js';
import { contentsOf, exampleFiles } from './testing/example.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pack-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function write(files: ReadonlyMap<string, string | Uint8Array>): Promise<void> {
  for (const [file, content] of files) {
    await mkdir(dirname(join(directory, file)), { recursive: true });
    await writeFile(join(directory, file), content);
  }
}

async function problemsOf(work: Promise<unknown>): Promise<readonly string[]> {
  const fault = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(fault).toMatchObject({ name: 'Fault', code: 'misconfigured' });
  return (fault as Fault).problems.map(({ where, message }) => `${where} ${message}`);
}

const without = (file: string) => new Map([...exampleFiles].filter(([name]) => name !== file));

describe('loadPack', () => {
  it('loads the pack of the README', async () => {
    await write(exampleFiles);
    const pack = await loadPack(directory);
    expect(pack).toMatchObject({
      directory,
      name: 'example',
      brand: { company: 'Fjord & Fern', voice: 'Warm and plain.', timeZone: 'Europe/Dublin' },
      fields: [
        { name: 'order_number', normalise: 'upper' },
        { name: 'date', patterns: [], normalise: 'none' },
      ],
      prompts: { sentiment: { system: 'How does the customer feel?', user: '{{text}}' } },
      reference: { small: 'small-8b', big: 'frontier' },
    });
    expect(pack.intents[0]?.examples[0]).toEqual({ text: 'where is my parcel', mood: 'neutral' });
    expect(pack.models[0]).toEqual({
      name: 'embedded-small',
      driver: 'embedded',
      tier: 'small',
      model: 'linear',
      timeoutMs: 30_000,
      maxAttempts: 3,
      concurrency: 16,
      prices: [],
    });
    expect(pack.models[3]?.prices[1]).toEqual({
      from: '2026-07-01',
      inputPerMillion: 2_500_000_000n,
      cachedInputPerMillion: 1_250_000_000n,
      outputPerMillion: 10_000_000_000n,
    });
    expect(pack.policy).toMatchObject({
      version: '2026-11-24.1',
      tasks: { polish: { threshold: 0.7, holdBelow: 0.5 } },
      depth: { minCharacters: 700 },
      alwaysPerson: ['out_of_scope'],
      deadlines: { smallMs: 60_000, bigMs: 120_000 },
      budgets: {
        caps: [
          { per: 'day', nanos: 50_000_000_000n },
          { per: 'month', nanos: 900_000_000_000n, model: 'frontier' },
        ],
        atCap: { rule: 'keep_small', floor: 0.6, customerFacing: false },
      },
      escalationLimit: { share: 0.5, windowMs: 600_000, minMessages: 50 },
    });
    expect(pack.evalTerms).toEqual({
      classify: { margin: 0.015, floor: 0.8 },
      extract: { margin: 0.015 },
      sentiment: { margin: 0.03, floor: 0.6 },
      draft: { margin: 0.015 },
      polish: { margin: 0.015 },
    });
  });

  it('a cheaper way to answer may lose two points where the pack says nothing', () => {
    const files = new Map(exampleFiles);
    const policy = files.get('policy.yaml') ?? '';
    files.set('policy.yaml', policy.slice(0, policy.indexOf('eval:')));
    expect(packOf('x', contentsOf(files)).evalTerms.extract).toEqual({ margin: 0.02 });
  });

  it('loads the support pack, and its inbox', async () => {
    const support = fileURLToPath(new URL('../../../deploy/packs/support', import.meta.url));
    expect((await loadPack(support)).name).toBe('support');
    expect((await loadInbox(support)).length).toBeGreaterThan(0);
  });

  it('needs neither evals nor an inbox', async () => {
    await write(new Map([...exampleFiles].filter(([file]) => !file.endsWith('.jsonl'))));
    expect((await loadPack(directory)).name).toBe('example');
  });

  it('says that there is no folder', async () => {
    const missing = join(directory, 'nowhere');
    expect(await problemsOf(loadPack(missing))).toEqual([`${missing} the folder cannot be read`]);
  });

  it('names the missing file, and the one that was meant', async () => {
    await write(
      new Map([...without('intents.yaml'), ['intent.yaml', 'intents: []'], ['notes.yaml', 'a: 1']]),
    );
    expect(await problemsOf(loadPack(directory))).toEqual([
      'intents.yaml the file is missing',
      'intent.yaml no file of this name belongs to a pack; did you mean "intents.yaml"?',
    ]);
  });

  it('names a set that no step has', async () => {
    await write(new Map([...exampleFiles, ['eval/mood.jsonl', '{}']]));
    expect(await problemsOf(loadPack(directory))).toEqual([
      'eval/mood.jsonl no file of this name belongs to a pack',
    ]);
  });

  it('refuses a file that is too large, unreadable or no text', async () => {
    await write(
      new Map<string, string | Uint8Array>([
        ...without('prompts/draft.yaml'),
        ['fields.yaml', '#'.repeat(4 * 1_048_576 + 1)],
        ['policy.yaml', new Uint8Array([0x61, 0xff, 0x62])],
        ['prompts/draft.yaml/not-a-file', ''],
      ]),
    );
    expect(await problemsOf(loadPack(directory))).toEqual([
      'fields.yaml the file has 4194305 bytes, at most 4194304 are read: shorten it',
      'policy.yaml the file is no UTF-8 text: save it as UTF-8',
      expect.stringContaining('prompts/draft.yaml the file cannot be read'),
    ]);
  });
});

describe('the hash', () => {
  const hash = (files: ReadonlyMap<string, string>) => packOf('x', contentsOf(files)).hash;

  it('depends on nothing but names and bytes', () => {
    expect(hash(new Map([...exampleFiles].toReversed()))).toBe(hash(exampleFiles));
    expect(hash(exampleFiles)).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([...exampleFiles.keys()])('changes with %s', (file) => {
    const changed = new Map([...exampleFiles, [file, `${exampleFiles.get(file)}\n`]]);
    expect(hash(changed)).not.toBe(hash(exampleFiles));
  });
});

describe('loadInbox', () => {
  it('gives the messages', async () => {
    const bare =
      '{"id":"i2","channel":"chat","conversation_id":"k2","text":"hi","received_at":"2026-11-24T09:30:00Z"}';
    await write(new Map([['inbox.jsonl', `${exampleFiles.get('inbox.jsonl')}\n${bare}\r\n`]]));
    expect(await loadInbox(directory)).toEqual([
      {
        id: 'i1',
        channel: 'email',
        conversationId: 'k1',
        customer: 'ada',
        subject: 'Parcel',
        text: 'where is FF-204518?',
        locale: 'en',
        receivedAt: '2026-11-24T09:30:00Z',
        attachmentCount: 1,
      },
      {
        id: 'i2',
        channel: 'chat',
        conversationId: 'k2',
        customer: '',
        subject: '',
        text: 'hi',
        locale: '',
        receivedAt: '2026-11-24T09:30:00Z',
        attachmentCount: 0,
      },
    ]);
  });

  it('says where a line is wrong, and when there is no inbox', async () => {
    expect(await problemsOf(loadInbox(directory))).toEqual([
      expect.stringMatching(/^inbox.jsonl the file cannot be read/),
    ]);
    await write(new Map([['inbox.jsonl', '\n{"id":']]));
    expect(await problemsOf(loadInbox(directory))).toEqual([
      'inbox.jsonl:2 the line is no JSON: write one object a line',
    ]);
  });
});

describe('whatever stands in a file', () => {
  const yamlish = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          'a',
          'intents',
          'label',
          ': ',
          '- ',
          '\n',
          '  ',
          '&x ',
          '*x',
          '[',
          ']',
          '{',
          '}',
          ',',
          '"',
          "'",
        ),
        fc.constantFrom(
          '|\n',
          '>\n',
          '? ',
          '!!map ',
          '!x ',
          '#',
          '---\n',
          '...\n',
          '%YAML 1.2\n',
          '<<',
          '\t',
          '\r',
        ),
        fc.constantFrom('__proto__', 'constructor', 'null', '~', '1', '.nan', '0x', 'true'),
        fc.string({ unit: 'binary', maxLength: 4 }),
      ),
      { maxLength: 60 },
    )
    .map((parts) => parts.join(''));

  const damaged = fc
    .tuple(fc.constantFrom(...exampleFiles.keys()), fc.nat(), fc.nat(80), yamlish)
    .map(([file, from, length, text]): [string, string] => {
      const whole = exampleFiles.get(file) ?? '';
      const start = from % (whole.length + 1);
      return [file, whole.slice(0, start) + text + whole.slice(start + length)];
    });

  it.each<[string, fc.Arbitrary<[string, string]>]>([
    ['garbage', fc.tuple(fc.constantFrom(...exampleFiles.keys()), yamlish)],
    ['damage', damaged],
  ])('%s is a pack or a fault', (_, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, ([file, text]) => {
        try {
          packOf('x', contentsOf(new Map([...exampleFiles, [file, text]])));
        } catch (error) {
          expect(error).toBeInstanceOf(Fault);
          expect((error as Fault).problems.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['deep flow', '['.repeat(100_000)],
    ['deep blocks', '- '.repeat(3_000)],
    ['deep maps', Array.from({ length: 1_500 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
    ['many keys', Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`).join('\n')],
    ['many aliases', `a: &a 1\nb: [${'*a, '.repeat(20_000)}*a]`],
  ])('%s is a fault', (_, text) => {
    expect(() => packOf('x', contentsOf(new Map([...exampleFiles, ['intents.yaml', text]])))).toThrow(
      expect.objectContaining({ code: 'misconfigured' }),
    );
  });
});
