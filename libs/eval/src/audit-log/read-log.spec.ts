import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLog } from './read-log.js';

const answer = JSON.stringify({
  object: 'chat.completion',
  model: 'gpt-4o-mini',
  usage: { prompt_tokens: 1, completion_tokens: 1 },
  note: 'grüße\u2028ohne Ende',
});

async function read(bytes: Uint8Array, sizes: readonly number[] = []) {
  async function* pieces() {
    let at = 0;
    for (const size of sizes) {
      yield bytes.subarray(at, at + size);
      at += size;
    }
    yield bytes.subarray(at);
  }
  const lines: [string, number][] = [];
  await readLog(pieces(), (line, number) => lines.push([line.kind, number]));
  return lines;
}

describe('reading a log', () => {
  it('numbers the lines as an editor does, and leaves out those with nothing on them', async () => {
    const text = `\uFEFF${answer}\n\n  \r\n${answer}\r\nno\n${answer}`;
    expect(await read(Buffer.from(text))).toEqual([
      ['call', 1],
      ['call', 4],
      ['unreadable', 5],
      ['call', 6],
    ]);
  });

  it('is the same wherever the bytes are cut, also inside a letter', async () => {
    const bytes = Buffer.from([answer, '', 'ä', answer, answer].join('\n'));
    const whole = await read(bytes);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 }), async (sizes) => {
        expect(await read(bytes, sizes)).toEqual(whole);
      }),
    );
  });

  it('names a line that is too long, keeps none of it, and reads on', async () => {
    const lines: unknown[] = [];
    async function* pieces() {
      const piece = Buffer.alloc(8 * 1024 * 1024, 'x');
      for (let count = 0; count < 9; count += 1) yield piece;
      yield Buffer.from(`\n${answer}\n`);
    }
    await readLog(pieces(), (line, number) => lines.push([line, number]));
    expect(lines).toEqual([
      [{ kind: 'unreadable', reason: 'is longer than 64 MiB' }, 1],
      [expect.objectContaining({ kind: 'call' }), 2],
    ]);
  });

  it('reads nothing from nothing', async () => {
    expect(await read(Buffer.alloc(0))).toEqual([]);
  });
});
