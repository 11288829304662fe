import type { Outgoing } from '@spillway/contracts/event';
import type { Bus, Subscription } from '../bus.js';

export const numbered = (n: number): Outgoing => ({
  topic: 'in',
  key: `${n % 50}`,
  id: `${n}`,
  value: new Uint8Array(64),
  headers: {},
});

/** Two groups that pass every event on, from `in` to `middle` to `out` and a copy of each, out of order. */
export function passOn(bus: Bus): Promise<readonly Subscription[]> {
  return Promise.all([hop(bus, 'in', 'middle'), hop(bus, 'middle', 'out')]);
}

function hop(bus: Bus, from: string, to: string): Promise<Subscription> {
  return bus.subscribe({
    group: `${from} to ${to}`,
    topics: [from],
    slots: 64,
    order: 'none',
    async handle({ key, id, value }) {
      // Now and then a slow one, behind which nothing can be committed.
      const turns = Number(id) % 200 === 0 ? 200 : Number(id) % 7;
      for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
      return [to, `${to}-copy`].map((topic) => ({ topic, key, id, value, headers: {} }));
    },
  });
}
