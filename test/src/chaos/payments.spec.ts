import { expect, it } from 'vitest';
import { type Call, type Kill, type Outage, payments } from '../../chaos/calls.js';

const KILLED_AT = 100_000;
const kills: readonly Kill[] = [{ process: 'worker-1.1', at: KILLED_AT }];
const call = (by: string, startedAt: number, endedAt: number, end: Call['end'] = 'answered'): Call => ({
  id: 'm1/classify',
  by,
  startedAt,
  endedAt,
  end,
});
const again = call('worker-2.1', KILLED_AT + 10_000, KILLED_AT + 10_200);
const down = { from: KILLED_AT - 20_000, to: KILLED_AT - 1_000 };

it.each<readonly [string, readonly Call[], readonly Outage[], { explained: number; unexplained: number }]>([
  ['one call', [again], [], { explained: 0, unexplained: 0 }],
  [
    'again after a kill during the call',
    [call('worker-1.1', KILLED_AT - 200, KILLED_AT, 'broken off'), again],
    [],
    { explained: 1, unexplained: 0 },
  ],
  [
    'again after a kill that the model server read the call after',
    [call('worker-1.1', KILLED_AT + 90, KILLED_AT + 230, 'broken off'), again],
    [],
    { explained: 1, unexplained: 0 },
  ],
  [
    'again after a call that nobody dead can have sent',
    [call('worker-1.1', KILLED_AT + 9_000, KILLED_AT + 9_200), again],
    [],
    { explained: 0, unexplained: 1 },
  ],
  [
    'again after a kill before the answer can have been recorded',
    [call('worker-1.1', KILLED_AT - 700, KILLED_AT - 500), again],
    [],
    { explained: 1, unexplained: 0 },
  ],
  [
    'again although the answer had long been recorded at the kill',
    [call('worker-1.1', KILLED_AT - 9_000, KILLED_AT - 8_000), again],
    [],
    { explained: 0, unexplained: 1 },
  ],
  [
    'again after an answer that had to wait for the store, and a kill just after that was back',
    [call('worker-1.1', KILLED_AT - 9_000, KILLED_AT - 8_000), again],
    [down],
    { explained: 1, unexplained: 0 },
  ],
  [
    'again by the process itself',
    [call('worker-1.1', KILLED_AT - 200, KILLED_AT - 100), call('worker-1.1', KILLED_AT - 90, KILLED_AT - 5)],
    [],
    { explained: 1, unexplained: 0 },
  ],
  [
    'again without any kill of its process',
    [call('worker-3.1', KILLED_AT - 200, KILLED_AT, 'broken off'), again],
    [],
    { explained: 0, unexplained: 1 },
  ],
  [
    'a third time without a second kill',
    [
      call('worker-1.1', KILLED_AT - 200, KILLED_AT, 'broken off'),
      again,
      call('worker-3.1', KILLED_AT + 20_000, KILLED_AT + 20_100),
    ],
    [],
    { explained: 1, unexplained: 1 },
  ],
])('%s', (_, calls, outages, { explained, unexplained }) => {
  const bill = payments(calls, kills, outages);
  expect(bill.byKill.flatMap(({ repeated }) => repeated)).toHaveLength(explained);
  expect(bill.unexplained).toHaveLength(unexplained);
});

it('tells of calls that were broken off by a process that was not killed', () => {
  const lost = call('worker-2.1', 1, 2, 'broken off');
  const mourned = call('worker-1.1', KILLED_AT - 1, KILLED_AT, 'broken off');
  expect(payments([lost, mourned], kills, []).brokenOff).toEqual([lost]);
});
