import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Problem } from '@spillway/contracts/fault';
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

  it.each([
    ['{', 'is not JSON'],
    ['[]', 'line: Invalid input: expected object, received array'],
    ['{"text":5}', 'text: Invalid input: expected string, received number'],
    ['{"text":" "}', 'has neither text nor subject'],
  ])('%s %s', (row, problem) => expect(messageFrom(row, '')).toBe(problem));

  it('is sent with its subject where the text is empty', () => {
    expect(messageFrom('{"text":"","subject":"help"}', '')).toMatchObject({ text: 'help', subject: 'help' });
  });
});

describe('a file', () => {
  it.each(['inbox.jsonl', 'inbox.jsonl.gz'])('%s is read line by line, bad lines named', async (name) => {
    const rows = `${JSON.stringify(exported)}\n\nnonsense\r\n{"text":"two"}\n`;
    writeFileSync(join(folder, name), name.endsWith('.gz') ? gzipSync(rows) : rows);
    const { messages, problems } = await read(join(folder, name));
    expect(messages.map(({ text }) => text)).toEqual(['where is it', 'two']);
    expect(problems).toEqual([{ where: `${join(folder, name)}:3`, message: 'is not JSON' }]);
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

  it('that is no inbox is given up', async () => {
    writeFileSync(join(folder, 'x.jsonl'), 'no\n'.repeat(30));
    await expect(read(join(folder, 'x.jsonl'))).rejects.toMatchObject({ code: 'malformed' });
  });

  it('that only claims to be gzip is a fault', async () => {
    writeFileSync(join(folder, 'x.jsonl.gz'), 'plain text');
    await expect(read(join(folder, 'x.jsonl.gz'))).rejects.toMatchObject({ code: 'malformed' });
  });
});
