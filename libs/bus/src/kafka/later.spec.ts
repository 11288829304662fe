import { expect, it } from 'vitest';
import { NOT_BEFORE } from '../bus.js';
import { record } from '../testing/record.js';
import { type Delivery, GroupMember } from './group-member.js';

const place = { topic: 't', partition: 0 };
const MIB = 2 ** 20;

function member(): GroupMember {
  const made = new GroupMember({ slots: 10, order: 'key', records: 100, bytes: 100 * MIB });
  made.assign([place]);
  made.flow();
  return made;
}

/** Takes in records that may run in a second, of so many bytes each. */
function take(to: GroupMember, offsets: readonly number[], bytes = 0): readonly Delivery[] {
  const headers = { [NOT_BEFORE]: '1000' };
  const value = new Uint8Array(bytes);
  const records = offsets.map((offset) => record({ ...place, offset, headers, value }));
  const next = (offsets.at(-1) ?? -1) + 1;
  to.take({ ...place, records, next, end: next });
  return to.later();
}

const started = (by: GroupMember): number | undefined => by.start()?.item.record.offset;

it('starts a record once it is admitted, whatever lies before it', () => {
  const one = member();
  const [first, second] = take(one, [0, 1]) as [Delivery, Delivery];
  expect([first.readyAtMs, one.later(), started(one)]).toEqual([1_000, [], undefined]);
  one.admit(second);
  expect([started(one), started(one)]).toEqual([1, undefined]);
  one.admit(first);
  expect(started(one)).toBeUndefined();
});

it('commits nothing beyond a record that waits, and counts it as undone', () => {
  const one = member();
  const later = take(one, [0, 1]);
  expect([one.commit(), one.lag, one.oldestReadyAtMs()]).toEqual([undefined, 2, 1_000]);
  one.admit(later[1] as Delivery);
  one.finish(one.start() as NonNullable<ReturnType<GroupMember['start']>>);
  expect([one.commit(), one.lag]).toEqual([undefined, 1]);
});

it('pauses a partition before what waits fills the memory, and resumes it', () => {
  const one = member();
  const later = take(one, [0, 1, 2, 3, 4, 5, 6, 7], MIB / 2);
  expect(one.flow().pause).toMatchObject([place]);
  for (const delivery of later.slice(0, 4)) one.admit(delivery);
  expect(one.flow()).toEqual({ pause: [], resume: [] });
  one.admit(later[4] as Delivery);
  expect(one.flow().resume).toMatchObject([place]);
});

it('forgets what waits of a partition that it has lost', () => {
  const one = member();
  const [delivery] = take(one, [0]) as [Delivery];
  one.revoke();
  one.assign([]);
  one.assign([place]);
  one.admit(delivery);
  expect([started(one), one.lag]).toEqual([undefined, 0]);
});
