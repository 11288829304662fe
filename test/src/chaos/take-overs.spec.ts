import { expect, it } from 'vitest';
import { type GroupLook, takeOvers } from '../../chaos/groups.js';

const look = (at: number, state: string, ...members: readonly string[]): GroupLook => ({
  at,
  group: 'router',
  state,
  members,
});
const looks = [
  look(99_000, 'Stable', 'a', 'b'),
  look(101_000, 'Stable', 'a', 'b'),
  look(108_000, 'PreparingRebalance', 'a', 'b', 'c'),
  look(110_500, 'Stable', 'b', 'c'),
];
const kill = { process: 'router-1.1', services: ['router'], at: 100_000 };
const other = { process: 'router-2.1', services: ['router'], at: 104_000 };

it.each([
  ['counts until the group is whole without the one who went', looks, [kill], [], 10_500, false],
  ['never ends where the group never is', looks.slice(0, 3), [kill], [], undefined, false],
  ['says nothing where another one went meanwhile', looks, [kill, other], [], 10_500, true],
  [
    'says nothing where the broker was down meanwhile',
    looks,
    [kill],
    [{ from: 105_000, to: 106_000 }],
    10_500,
    true,
  ],
])('%s', (_, seen, all, outages, ms, disturbed) => {
  expect(takeOvers(seen, [kill], all, outages)).toEqual([{ process: 'router-1.1', ms, disturbed }]);
});

it('has nothing to wait for where the group was whole again before the process was gone', () => {
  const farewell = { ...kill, at: 112_000, begunAt: 100_000 };
  expect(takeOvers(looks, [farewell], [farewell], [])).toEqual([
    { process: 'router-1.1', ms: 0, disturbed: false },
  ]);
});
