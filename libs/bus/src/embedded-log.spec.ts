import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { embeddedLog, migrations } from './embedded-log.js';
import { event, numbers, textOf } from './testing/harness.js';

function openLog() {
  const database = new DatabaseSync(':memory:');
  for (const step of migrations) database.exec(step);
  return embeddedLog(database, 2);
}

describe('embedded log', () => {
  it.each<[string, { from: number; to: number }, { records: number; bytes: number }, readonly string[]]>([
    ['all of a range', { from: 2, to: 8 }, { records: 99, bytes: 99 }, ['2', '4', '6']],
    ['so many records', { from: 0, to: 99 }, { records: 2, bytes: 99 }, ['0', '2']],
    [
      'records until so many bytes are passed',
      { from: 0, to: 99 },
      { records: 99, bytes: 3 },
      ['0', '2', '4'],
    ],
    ['one record however large', { from: 0, to: 99 }, { records: 99, bytes: 0 }, ['0']],
  ])('reads %s', (_, range, limit, wanted) => {
    const log = openLog();
    log.append(
      numbers(10).map((n) => event(Number(n) % 2 === 0 ? 'even' : 'odd', n, n)),
      5,
    );
    const read: string[] = [];
    const count = log.reader(log.streamsOf('even')).read(range, limit, (stream, record) => {
      expect(stream).toMatchObject({ topic: 'even', partition: record.partition });
      read.push(textOf(record));
    });
    expect([count, read]).toEqual([wanted.length, wanted]);
  });

  it('knows of which records a group has outputs on the log', () => {
    const log = openLog();
    log.append(
      numbers(9).map((n) => event('in', n, n)),
      5,
    );
    log.append([event('out', 'a', 'x'), event('out', 'a', 'y')], 5, { group: 'g', offset: 6 });
    log.append([event('out', 'a', 'z')], 5, { group: 'other', offset: 7 });
    log.append([event('out', 'a', 'z')], 5, { group: 'g', offset: 2 });
    expect([0, 2, 3, 7].map((from) => [...log.answered('g', from)])).toEqual([[6, 2], [6, 2], [6], []]);
  });

  it('never takes a committed offset back', () => {
    const log = openLog();
    const [stream] = log.streamsOf('t');
    if (stream === undefined) throw new Error('a topic has partitions');
    for (const offset of [5, 3]) log.commit([{ group: 'g', stream, offset }]);
    expect(log.committed('g')).toEqual(new Map([[stream.number, 5]]));
    expect(log.lowestCommitted()).toEqual(new Map([[stream.number, 5]]));
  });

  it('stops to trim at the first record that is too young', () => {
    const log = openLog();
    log.append([event('t', 'a', '0'), event('t', 'a', '1')], 10);
    log.append([event('t', 'a', '2')], 50);
    log.append([event('t', 'a', '3'), event('t', 'a', '4')], 10);
    const expiry = { youngest: 20, of: () => ({ offset: 99, before: 20 }) };
    expect(log.trim(0, 99, expiry)).toBeUndefined();
    expect(log.reader(log.streamsOf('t')).count(0, 99)).toBe(3);
  });

  it('trims in steps', () => {
    const log = openLog();
    log.append(
      numbers(5).map((n) => event('t', 'a', n)),
      10,
    );
    const expiry = { youngest: 20, of: () => ({ offset: 99, before: 20 }) };
    expect([log.trim(0, 2, expiry), log.trim(2, 2, expiry), log.trim(4, 2, expiry)]).toEqual([
      2,
      4,
      undefined,
    ]);
    expect(log.reader(log.streamsOf('t')).count(0, 99)).toBe(1);
  });
});
