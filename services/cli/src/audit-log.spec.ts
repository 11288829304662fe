import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { audit } from './audit-log.js';
import type { Terminal } from './terminal.js';

const folder = mkdtempSync(join(tmpdir(), 'spillway-audit-'));
afterAll(() => rmSync(folder, { recursive: true }));

const call = (step: string, model: string, created: string) =>
  JSON.stringify({
    request: { model, metadata: { step }, messages: [{ role: 'user', content: 'a secret of a customer' }] },
    response: {
      object: 'chat.completion',
      model,
      created: Date.parse(created) / 1000,
      usage: { prompt_tokens: 1_000, completion_tokens: 100 },
    },
  });

const log = [
  call('classify', 'gpt-4o', '2026-10-01'),
  call('classify', 'gpt-4o', '2026-10-31'),
  call('draft', 'gpt-4.1', '2026-10-02'),
  '{"a secret": ',
  '',
].join('\n');

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function watched(
  path: string,
  options: Partial<Parameters<typeof audit>[1]> = {},
  signal = new AbortController().signal,
) {
  let out = '';
  const bars: string[] = [];
  const same = (text: string) => text;
  const terminal: Terminal = {
    out: (text) => {
      out += text;
    },
    note: () => undefined,
    ask: undefined,
    strong: same,
    faint: same,
    progress: (label, total) => ({
      update: (done, note) => void bars.push(`${done} of ${total} ${label}, ${note}`),
      stop: () => void bars.push('stopped'),
    }),
  };
  const code = await audit(path, { json: false, assume: [], ...options }, terminal, signal);
  expect(code).toBe(0);
  return { out, bars };
}

async function run(...asked: Parameters<typeof watched>): Promise<string> {
  return (await watched(...asked)).out;
}

describe('spillway audit', () => {
  it('prints the bill, the projection, what to evaluate first, and what it could not read', async () => {
    const path = file('log.jsonl', log);
    const text = await run(path, { assume: ['small=gpt-4.1-nano', 'kept=0.5'] });
    expect(text).toContain(`${path}: 4 lines, 3 calls, 2026-10-01 to 2026-10-31`);
    expect(text).toMatch(/classify +name +2 +2,000 +0 +0 +200 +0 +\$0\.007000/);
    expect(text).toMatch(/draft +name +1 +1,000 +0 +0 +100 +0 +\$0\.002800/);
    expect(text).toMatch(/total +3 +3,000 +0 +0 +300 +0 +\$0\.009800/);
    expect(text).toMatch(/Projection, not a bill: gpt-4.1-nano first, 50\.0 % of calls kept small/);
    expect(text).toMatch(/classify +50\.0 % +\$0\.007000 +\$0\.003780 +\$0\.003220 +46\.0 %/);
    expect(text).toMatch(/classify +\$0\.003220/);
    expect(text).toMatch(/classify +[\d,]+ calls +[\d,]+ days/);
    expect(text).toContain(`unreadable: 1 line: is not JSON (${path}:4)`);
    expect(text).not.toContain('secret');
  });

  it.each(['log.jsonl.gz', 'log-2026-10'])(
    'says the same in JSON, of a zipped file as well, with nothing of what stands in it: %s',
    async (name) => {
      const path = file(name, gzipSync(log));
      const text = await run(path, { json: true });
      expect(text).not.toContain('secret');
      expect(JSON.parse(text)).toMatchObject({
        lines: 4,
        calls: 3,
        cost: { nanos: 9_800_000, known_nanos: 9_800_000, unpriced: 0 },
        formats: { 'openai-chat': 3 },
        projection: { evaluate_first: ['classify', 'draft'] },
        steps: [
          { step: 'classify', grouped_by: 'name', first_line: 1, cost: { nanos: 7_000_000 } },
          { step: 'draft', calls: 1, cost: { nanos: 2_800_000 } },
        ],
        unreadable: [{ reason: 'is not JSON', lines: 1, first_lines: [4] }],
      });
    },
  );

  it("shows what has no price as unknown, and prices it with a team's own table", async () => {
    const path = file('own.jsonl', call('sort', 'house-70b', '2026-10-01'));
    const text = await run(path);
    expect(text).toMatch(/total +1 +1,000 +0 +0 +100 +0 +unknown +1 call/);
    expect(text).toContain('models: house-70b');
    const price = { model: 'house-70b', input: '1', output: '2', source: 'contract', checked: '2026-10-01' };
    const prices = file('prices.json', JSON.stringify({ prices: [price] }));
    expect(JSON.parse(await run(path, { json: true, prices }))).toMatchObject({
      cost: { nanos: 1_200_000 },
      prices_checked: '2026-10-01',
    });
  });

  it('says whose prices they are, and the latest day of those of the bill and of the projection', async () => {
    const path = file('dated.jsonl', call('sort', 'house-70b', '2026-10-01'));
    const price = { model: 'house-70b', input: '1', output: '2', source: 'contract', checked: '2026-10-01' };
    const later = { ...price, model: 'house-1b', checked: '2026-11-28' };
    const prices = file('dated.json', JSON.stringify({ prices: [price, later] }));
    expect(await run(path, { prices, assume: ['small=house-1b'] })).toContain(
      `prices: those of ${prices}, and list prices for models that it does not have, checked 2026-11-28 at the latest`,
    );
    expect(JSON.parse(await run(path, { json: true, prices, assume: ['small=house-1b'] }))).toMatchObject({
      prices_checked: '2026-10-01',
      projection: { prices_checked: '2026-11-28' },
    });
    expect(await run(file('listed.jsonl', log))).toContain('prices: list prices, checked 2026-11-24 at');
  });

  it('says that steps of an unknown saving are not among those to evaluate first', async () => {
    const unpriced = call('sort', 'house-70b', '2026-10-01');
    expect(await run(file('partly.jsonl', `${log}\n${unpriced}`))).toMatch(
      /of all\n +classify[^\n]*\n +draft[^\n]*\n +1 step is not among them: the saving is unknown/,
    );
    expect(await run(file('unpriced.jsonl', unpriced))).toContain(
      'no step is known to have anything to save under these assumptions\n  1 step is not among them',
    );
  });

  it('counts one line as one', async () => {
    const text = await run(file('one.jsonl', call('sort', 'gpt-4o', '2026-10-01')));
    expect(text).toContain('one.jsonl: 1 line, 1 call, 2026-10-01');
  });

  it.each([
    ['shows no bar for a small file', 'small.jsonl', 1, []],
    ['shows how far it is in a big one', 'big.jsonl', 33, ['33 of 33 MiB, 4 lines', 'stopped']],
  ])('%s', async (_, name, mebibytes, last) => {
    const { bars } = await watched(file(name, log + ' '.repeat(mebibytes * 1024 * 1024 - log.length)));
    expect(bars.slice(-2)).toEqual(last);
  });

  it.each([
    ['a file that is not there', () => join(folder, 'none.jsonl'), {}, 'missing'],
    ['a zipped file that was cut', () => file('cut.gz', gzipSync(log).subarray(0, 60)), {}, 'malformed'],
    ['a file of which no line is a call', () => file('none.jsonl', 'no\n{"a":1}\n'), {}, 'malformed'],
    ['an empty file', () => file('empty.jsonl', '\n'), {}, 'malformed'],
    ['prices that are none', () => file('a.jsonl', log), { prices: file('p.json', '{}') }, 'malformed'],
    ['a small model without a price', () => file('b.jsonl', log), { assume: ['small=none'] }, 'rejected'],
  ])('refuses %s', async (_, path, options, code) => {
    await expect(run(path(), options)).rejects.toMatchObject({ code });
  });

  it('names the reasons where not one line could be read', async () => {
    const path = file('unread.jsonl', '{"a secret":1}\nno\nno\n');
    await expect(run(path)).rejects.toMatchObject({
      message: `not one line of ${path} could be read`,
      problems: [
        { where: `${path}:2, ${path}:3`, message: 'is not JSON (2 lines)' },
        { where: `${path}:1`, message: 'is of no format that is known (1 line)' },
      ],
    });
  });

  it('names every step that is assumed and is not in the log', async () => {
    const assume = ['kept:clasify=0.5', 'kept:draft=0.5', 'kept:polish=0.1'];
    await expect(run(file('d.jsonl', log), { assume })).rejects.toMatchObject({
      code: 'rejected',
      problems: [
        {
          where: '--assume kept:clasify',
          message: 'the log has no step of this name; did you mean "classify"?',
        },
        { where: '--assume kept:polish' },
      ],
    });
  });

  it('stops when it is asked to', async () => {
    await expect(run(file('c.jsonl', log), {}, AbortSignal.abort())).rejects.toMatchObject({
      code: 'cancelled',
    });
  });
});
