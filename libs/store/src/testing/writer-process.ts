import { openEmbeddedKeyedState } from '../embedded-keyed-state.js';

// Run by a spec as a process of its own, which kills it: writes without end and says what was acknowledged.
const state = openEmbeddedKeyedState({ path: process.argv[2] ?? '' });
const value = new Uint8Array(64);

async function write(writer: number): Promise<never> {
  for (let n = 0; ; n++) {
    await state.write([
      { kind: 'put', key: `{${writer}}:entry:${n}`, value },
      { kind: 'arm', key: `{${writer}}:alarm:${n}`, at: n, payload: value },
    ]);
    const claim = await state.claim(`{${writer}}:call:${n}`, 60_000);
    if (claim.state === 'claimed')
      await state.complete(`{${writer}}:call:${n}`, claim.fence, value, 3_600_000);
    process.stdout.write(`${writer} ${n}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)));
