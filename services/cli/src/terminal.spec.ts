import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { terminal } from './terminal.js';

/** What a command writes to standard error where that is no terminal, line by line; each answer takes `eachMs`. */
function written(total: number, done: readonly number[], eachMs: number): readonly string[] {
  const stderr = new PassThrough();
  const streams = [new PassThrough(), stderr, new PassThrough()] as unknown as Parameters<typeof terminal>;
  const bar = terminal(...streams).progress('classify', total);
  for (const each of done) {
    vi.setSystemTime(Date.now() + eachMs);
    bar.update(each, each === total ? '' : '9 s left');
  }
  bar.stop();
  return String(stderr.read() ?? '')
    .split('\n')
    .filter((line) => line !== '');
}

const upTo = (total: number): readonly number[] => Array.from({ length: total }, (_, at) => at + 1);
const SLOW_MS = 5_000;

describe('progress in a log', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each<[string, number, readonly number[], readonly string[]]>([
    ['is a line each for few slow rows', 2, [1, 2], ['classify 1/2 (50 %) 9 s left', 'classify 2/2 (100 %)']],
    [
      'is one line for a leap over several tenths',
      100,
      [1, 45, 99],
      ['classify 1/100 (1 %) 9 s left', 'classify 45/100 (45 %) 9 s left', 'classify 99/100 (99 %) 9 s left'],
    ],
    ['does not repeat a number', 10, [5, 5, 5], ['classify 5/10 (50 %) 9 s left']],
    ['ends where a command is stopped', 10, [], []],
    ['is done where there is nothing to do', 0, [0], ['classify 0/0 (100 %)']],
  ])('%s', (_, total, done, wanted) => expect(written(total, done, SLOW_MS)).toEqual(wanted));

  it.each([
    ['a hundred thousand slow answers', 100_000, SLOW_MS, 11],
    ['a hundred thousand quick ones', 100_000, 0.01, 1],
    ['a thousand in four seconds', 1_000, 4, 2],
  ])('of %s has few lines', (_, total, eachMs, lines) =>
    expect(written(total, upTo(total), eachMs)).toHaveLength(lines),
  );
});
