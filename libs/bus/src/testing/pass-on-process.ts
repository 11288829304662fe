import { openEmbeddedBus } from '../embedded.js';
import { numbered, passOn } from './pass-on.js';

// Run by a spec as a process of its own, which kills it: publishes without end and says what was acknowledged.
const [path = '', first = '0'] = process.argv.slice(2);
const bus = openEmbeddedBus({ path });
const groups = await passOn(bus);

for (let n = Number(first); ; n += 10) {
  const events = Array.from({ length: 10 }, (_, index) => numbered(n + index));
  await bus.publish(events);
  process.stdout.write(events.map(({ id }) => `${id}\n`).join(''));
  while (groups.some((group) => group.health().lag > 500)) await new Promise(setImmediate);
}
