import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Alarm, Change, KeyedState } from '../keyed-state.js';

/** A driver whose clock belongs to the test. */
export interface Machine {
  readonly state: KeyedState;
  /**
   * Milliseconds of one step of time; all times of a history are whole steps. 1 where the clock stands still meanwhile;
   * where it runs on, a step is so much longer than a history that this does not show.
   */
  readonly stepMs: number;
  pass(ms: number): Promise<void>;
  now(): number;
  reopen(): Promise<void>;
  close(): Promise<void>;
}

interface Model {
  readonly entries: Map<string, { value: number; version: number; expiresAt: number }>;
  readonly claims: Map<string, { fence: number; until: number; result?: number; expiresAt: number }>;
  readonly alarms: Map<string, { at: number; payload: number }>;
}

type Command = fc.AsyncCommand<Model, Machine>;
const always = () => true;
const byte = (n: number) => Uint8Array.of(n);
const key = fc.constantFrom('{k}:a', '{k}:b', '{k}:c');
const value = fc.nat(255);
const steps = fc.integer({ min: 1, max: 50 });

/** Checks a driver against a plain model over random histories, time and restarts included. */
export function keyedStateMachine(name: string, open: () => Promise<Machine>): void {
  it(`${name} does what a plain model of it does, whatever happens in whatever order`, async () => {
    const histories = fc.commands(
      [puts, writes, deletes, claims, renews, completes, releases, arms, passes, reopens],
      {
        maxCommands: 60,
      },
    );
    await fc.assert(
      fc.asyncProperty(histories, async (commands) => {
        const machine = await open();
        const model: Model = { entries: new Map(), claims: new Map(), alarms: new Map() };
        try {
          await fc.asyncModelRun(() => ({ model, real: machine }), commands);
        } finally {
          await machine.close();
        }
      }),
      { numRuns: 60 },
    );
  });
}

function command(text: string, run: (model: Model, machine: Machine) => Promise<void>): Command {
  return {
    check: always,
    async run(model, machine) {
      await run(model, machine);
      await compare(model, machine);
    },
    toString: () => text,
  };
}

async function compare(model: Model, { state, now }: Machine): Promise<void> {
  for (const name of ['{k}:a', '{k}:b', '{k}:c']) {
    const want = model.entries.get(name);
    const alive = want !== undefined && want.expiresAt > now();
    const got = await state.get(name);
    expect(got?.value[0]).toBe(alive ? want.value : undefined);
    expect(got?.version).toBe(alive ? want.version : undefined);
  }
  const due = [...model.alarms]
    .filter(([, { at }]) => at <= now())
    .map(([name, { at, payload }]): Alarm => ({ key: name, at, payload: byte(payload) }))
    .sort((one, other) => one.at - other.at || (one.key < other.key ? -1 : 1));
  const got = (await state.due(now(), 10)).map((alarm) => ({
    ...alarm,
    payload: Uint8Array.from(alarm.payload),
  }));
  expect(got).toEqual(due);
}

const puts = fc
  .record({
    key,
    value,
    expects: fc.constantFrom('nothing', 'current', 'stale', 'absent'),
    ttl: fc.option(steps, { nil: undefined }),
    also: fc.option(key, { nil: undefined }),
  })
  .map((put) =>
    command(`put ${JSON.stringify(put)}`, async (model, { state, now, stepMs }) => {
      const ttlMs = put.ttl === undefined ? undefined : put.ttl * stepMs;
      const held = model.entries.get(put.key);
      const current = held !== undefined && held.expiresAt > now() ? held.version : 0;
      const expected = { nothing: undefined, current, stale: current + 1, absent: 0 }[put.expects];
      const change = {
        kind: 'put',
        key: put.key,
        value: byte(put.value),
        ...(expected === undefined ? {} : { expect: expected }),
        ...(ttlMs === undefined ? {} : { ttlMs }),
      } as const;
      const disarm = put.also === undefined ? [] : [{ kind: 'disarm', key: put.also } as const];
      const write = state.write([...disarm, change]);
      if (expected !== undefined && expected !== current) {
        await expect(write).rejects.toMatchObject({ code: 'conflict' });
        return;
      }
      await write;
      if (put.also !== undefined) model.alarms.delete(put.also);
      const version = (await state.get(put.key))?.version ?? 0;
      expect(version).toBeGreaterThan(held?.version ?? 0);
      model.entries.set(put.key, { value: put.value, version, expiresAt: now() + (ttlMs ?? Infinity) });
    }),
  );

const conditions = fc.constantFrom('nothing', 'current', 'current', 'stale', 'absent');

/** Several changes, of one key too: every condition is about what stood before the write, and they take effect in order. */
const writes = fc
  .array(
    fc.record({ kind: fc.constantFrom('put', 'put', 'put', 'delete'), key, value, expects: conditions }),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  .map((parts) =>
    command(`write ${JSON.stringify(parts)}`, async (model, { state, now }) => {
      const versionOf = (name: string): number => {
        const held = model.entries.get(name);
        return held !== undefined && held.expiresAt > now() ? held.version : 0;
      };
      const changes = parts.map((part): Change => {
        if (part.kind === 'delete') return { kind: 'delete', key: part.key };
        const current = versionOf(part.key);
        const expect = { nothing: undefined, current, stale: current + 1, absent: 0 }[part.expects];
        const put = { kind: 'put', key: part.key, value: byte(part.value) } as const;
        return expect === undefined ? put : { ...put, expect };
      });
      const holds = changes.every(
        (change) =>
          change.kind !== 'put' || change.expect === undefined || change.expect === versionOf(change.key),
      );
      const write = state.write(changes);
      if (!holds) {
        await expect(write).rejects.toMatchObject({ code: 'conflict' });
        return;
      }
      const versions = [...(await write)];
      expect(versions).toHaveLength(changes.filter(({ kind }) => kind === 'put').length);
      for (const change of changes) {
        if (change.kind === 'delete') model.entries.delete(change.key);
        if (change.kind !== 'put') continue;
        const version = versions.shift() as number;
        model.entries.set(change.key, { value: change.value[0] as number, version, expiresAt: Infinity });
      }
    }),
  );

const deletes = key.map((name) =>
  command(`delete ${name}`, async (model, { state }) => {
    await state.write([{ kind: 'delete', key: name }]);
    model.entries.delete(name);
  }),
);

const claims = fc.record({ key, lease: steps }).map(({ key: name, lease }) =>
  command(`claim ${name} for ${lease}`, async (model, { state, now, stepMs }) => {
    const held = model.claims.get(name);
    const leaseMs = lease * stepMs;
    const got = await state.claim(name, leaseMs);
    if (held?.result !== undefined && held.expiresAt > now()) {
      expect(got).toMatchObject({ state: 'done' });
      if (got.state === 'done') expect(got.result[0]).toBe(held.result);
    } else if (held !== undefined && held.result === undefined && held.until > now()) {
      const until = got.state === 'busy' ? got.until : 0;
      expect(Math.abs(until - held.until)).toBeLessThan(stepMs);
    } else {
      const fence = got.state === 'claimed' ? got.fence : 0;
      expect(fence).toBeGreaterThan(held?.fence ?? 0);
      model.claims.set(name, { fence, until: now() + leaseMs, expiresAt: Infinity });
    }
  }),
);

const renews = fc.record({ key, lease: steps, stale: fc.boolean() }).map(({ key: name, lease, stale }) =>
  command(`renew ${name} for ${lease}${stale ? ' with an old fence' : ''}`, async (model, machine) => {
    const held = model.claims.get(name);
    if (held === undefined) return;
    const leaseMs = lease * machine.stepMs;
    const renew = machine.state.renew(name, held.fence - Number(stale), leaseMs);
    if (stale || held.result !== undefined || held.until === 0) {
      await expect(renew).rejects.toMatchObject({ code: 'conflict' });
      return;
    }
    await renew;
    model.claims.set(name, { ...held, until: machine.now() + leaseMs });
  }),
);

const completes = fc.record({ key, value, ttl: steps, stale: fc.boolean() }).map((done) =>
  command(`complete ${JSON.stringify(done)}`, async (model, { state, now, stepMs }) => {
    const ttlMs = done.ttl * stepMs;
    const held = model.claims.get(done.key);
    if (held === undefined || held.result !== undefined) return;
    const complete = state.complete(done.key, held.fence - Number(done.stale), byte(done.value), ttlMs);
    // Who has given a claim up can complete it no more.
    if (done.stale || held.until === 0) await expect(complete).rejects.toMatchObject({ code: 'conflict' });
    else {
      await complete;
      model.claims.set(done.key, { ...held, result: done.value, expiresAt: now() + ttlMs });
    }
  }),
);

const releases = fc.record({ key, stale: fc.boolean() }).map(({ key: name, stale }) =>
  command(`release ${name}${stale ? ' with an old fence' : ''}`, async (model, { state }) => {
    const held = model.claims.get(name);
    if (held === undefined) return;
    await state.release(name, held.fence - Number(stale));
    if (!stale && held.result === undefined) model.claims.set(name, { ...held, until: 0 });
  }),
);

const arms = fc.record({ key, after: steps, payload: value }).map((armed) =>
  command(`arm ${JSON.stringify(armed)}`, async (model, { state, now, stepMs }) => {
    const at = now() + armed.after * stepMs;
    await state.write([{ kind: 'arm', key: armed.key, at, payload: byte(armed.payload) }]);
    model.alarms.set(armed.key, { at, payload: armed.payload });
  }),
);

const passes = steps.map((time) =>
  command(`${time} steps pass`, (_, machine) => machine.pass(time * machine.stepMs)),
);

const reopens = fc.constant(command('reopen', (_, machine) => machine.reopen()));
