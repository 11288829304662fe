import { openRedisKeyedState } from '../redis-keyed-state.js';

// Run by a spec as a process of its own, beside others that want the same work: says what it got.
const [, , url = '', prefix = ''] = process.argv;
const state = await openRedisKeyedState({ url, prefix });

/** Every process begins when all have come, so that they want the same at once. */
const PROCESSES = 3;
const arrivals = '{arrivals}';
let count = 0;
for (let arrived = false; !arrived; ) {
  const entry = await state.get(arrivals);
  count = (entry?.value[0] ?? 0) + 1;
  const put = {
    kind: 'put',
    key: arrivals,
    value: Uint8Array.of(count),
    expect: entry?.version ?? 0,
  } as const;
  arrived = await state.write([put]).then(
    () => true,
    () => false,
  );
}
while (((await state.get(arrivals))?.value[0] ?? 0) < PROCESSES);

// Each begins elsewhere, and all want everything: in the same order the first would be ahead to the end.
for (let n = 0; n < 500; n++) {
  const key = `{${(n + count * 167) % 500}}`;
  const { state: got } = await state.claim(key, 60_000);
  if (got === 'claimed') process.stdout.write(`${key}\n`);
}
await state.close();
