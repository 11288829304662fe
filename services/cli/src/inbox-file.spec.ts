import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Fault, Problem } from '@spillway/contracts/fault';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { messageFrom, type OutgoingMessage, readInboxFile } from './inbox-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-inbox-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function read(path: string) {
  const problems: Problem[] = [];
  const messages: OutgoingMessage[] = [];
  for await (const message of readInboxFile(path, '', (problem) => problems.push(problem)))
    messages.push(message);
  return { messages, problems };
}

const exported = {
  id: 'sumo-1',
  received_at: '2025-01-01T08:08:03Z',
  locale: 'en-US',
  subject: 'late parcel',
  text: 'where is it',
  topic: 'delivery',
  spam_like: false,
  customer: 'c1',
  answers: 0,
};

describe('one line', () => {
  it('keeps the fields that the API knows', () => {
    expect(messageFrom(JSON.stringify(exported), '')).toEqual({
      text: 'where is it',
      subject: 'late parcel',
      locale: 'en-US',
      customer: 'c1',
      idempotency_key: expect.stringMatching(/^[0-9a-f]{40}$/),
    });
  });

  it('has the same key each time it is read, and another in another run', () => {
    const row = JSON.stringify(exported);
    expect(messageFrom(row, 'a')).toEqual(messageFrom(row, 'a'));
    expect(messageFrom(row, 'a')).not.toEqual(messageFrom(row, 'b'));
  });

  const TEXT = 'must be text: put it in double quotes';
  const COUNT = 'must be a whole number, 0 or more';
  const WORDLESS = 'has neither text nor subject: write what the customer wrote into text';
  it.each([
    ['{', ['is not JSON: write one message a line, as {"text":"…"}']],
    ['[]', ['is no JSON object: write one message a line, as {"text":"…"}']],
    ['null', ['is no JSON object: write one message a line, as {"text":"…"}']],
    ['{"text":5}', [`text ${TEXT}`]],
    ['{"text":"x","locale":null}', [`locale ${TEXT}`]],
    ['{"text":"x","customer_facing":"yes"}', ['customer_facing must be true or false, without quotes']],
    ['{"text":"x","attachment_count":"2"}', [`attachment_count ${COUNT}, without quotes`]],
    ['{"text":"x","attachment_count":-1}', [`attachment_count ${COUNT}`]],
    ['{"text":"x","attachment_count":1.5}', [`attachment_count ${COUNT}`]],
    [
      '{"text":"x","metadata":{"order":7,"vip":true}}',
      ['metadata must be an object with text in double quotes as each value'],
    ],
    ['{"text":" "}', [WORDLESS]],
    ['{"subject":"","channel":1,"id":{}}', ['id must be text or a number', `channel ${TEXT}`, WORDLESS]],
  ])('%s has all of its faults told', (row, faults) => expect(messageFrom(row, '')).toEqual(faults));

  it('is sent with its subject where the text is empty', () => {
    expect(messageFrom('{"text":"","subject":"help"}', '')).toMatchObject({ text: 'help', subject: 'help' });
  });
});

describe('a file', () => {
  it.each([
    ['inbox.jsonl', false],
    ['inbox.jsonl.gz', true],
    ['zipped.jsonl', true],
    ['plain.jsonl.gz', false],
  ])('%s (gzip: %s) is read line by line, bad lines named', async (name, zipped) => {
    const rows = `${JSON.stringify(exported)}\n\n{"text":1,"channel":2}\r\n{"text":"two"}\n`;
    writeFileSync(join(folder, name), zipped ? gzipSync(rows) : rows);
    const { messages, problems } = await read(join(folder, name));
    expect(messages.map(({ text }) => text)).toEqual(['where is it', 'two']);
    expect(problems).toEqual(
      ['text', 'channel'].map((field) => ({
        where: `${join(folder, name)}:3`,
        message: `${field} must be text: put it in double quotes`,
      })),
    );
  });

  it('keeps a text whole that holds other signs for a new line', async () => {
    const text = 'one\u2028two\u0085three';
    writeFileSync(join(folder, 'x.jsonl'), JSON.stringify({ text }).replace('\\u2028', '\u2028'));
    const { messages, problems } = await read(join(folder, 'x.jsonl'));
    expect([messages.map((message) => message.text), problems]).toEqual([[text], []]);
  });

  it('that is not there is a fault', async () => {
    await expect(read(join(folder, 'none.jsonl'))).rejects.toMatchObject({ code: 'missing' });
  });

  it('that is no inbox is given up, with the faults of its first twenty bad lines', async () => {
    writeFileSync(join(folder, 'x.jsonl'), 'no\n'.repeat(30));
    const fault = await read(join(folder, 'x.jsonl')).catch((error: unknown) => error);
    expect(fault).toMatchObject({
      code: 'malformed',
      message: expect.stringContaining('more than 20 lines'),
    });
    expect((fault as Fault).problems).toHaveLength(20);
  });

  it('whose gzip was cut off is a fault', async () => {
    writeFileSync(join(folder, 'x.jsonl'), gzipSync('x'.repeat(9_000)).subarray(0, 30));
    await expect(read(join(folder, 'x.jsonl'))).rejects.toMatchObject({ code: 'malformed' });
  });
});
