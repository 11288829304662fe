import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Budget, BudgetCap, Reservation } from '../budget.js';

/** A budget whose clock belongs to the test. */
export interface BudgetMachine {
  readonly budget: Budget;
  pass(ms: number): void;
  now(): number;
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/** Few and small, so that every history meets full caps. */
export const machineCaps: readonly BudgetCap[] = [
  { per: 'day', nanos: 100n },
  { per: 'month', nanos: 300n },
  { per: 'day', nanos: 60n, model: 'big' },
];
/** Two days before the end of a month that is far from the servers' own time. */
export const MACHINE_START_MS = Date.UTC(2094, 10, 29, 6);
const HOUR_MS = 3_600_000;

interface Entry {
  readonly model: string;
  readonly atMs: number;
  readonly nanos: bigint;
  readonly known: boolean;
}

/** Everything that counts, one by one. */
interface Model {
  readonly open: Map<string, Reservation>;
  readonly closed: Entry[];
}

type Command = fc.AsyncCommand<Model, BudgetMachine>;

const iso = (ms: number, per: BudgetCap['per']): string =>
  new Date(ms).toISOString().slice(0, per === 'day' ? 10 : 7);

function counted(
  model: Model,
  { per, model: of }: BudgetCap,
  atMs: number,
): { spent: bigint; reserved: bigint } {
  const open = [...model.open.values()].map((each): Entry => ({ ...each, known: false }));
  const here = [...open, ...model.closed].filter(
    (each) => (of === undefined || each.model === of) && iso(each.atMs, per) === iso(atMs, per),
  );
  const sum = (known: boolean): bigint =>
    here.filter((each) => each.known === known).reduce((total, { nanos }) => total + nanos, 0n);
  return { spent: sum(true), reserved: sum(false) };
}

const command = (text: string, run: (model: Model, machine: BudgetMachine) => Promise<void>): Command => ({
  check: () => true,
  async run(model, machine) {
    await run(model, machine);
    const usage = await machine.budget.usage();
    for (const { cap, spentNanos, reservedNanos } of usage) {
      const { spent, reserved } = counted(model, cap, machine.now());
      expect([spentNanos, reservedNanos]).toEqual([spent, reserved]);
      expect(spentNanos + reservedNanos).toBeLessThanOrEqual(cap.nanos);
    }
  },
  toString: () => text,
});

const callId = fc.constantFrom('a', 'b', 'c', 'd', 'e');

const reserves = fc
  .record({ id: callId, of: fc.constantFrom('small', 'big'), nanos: fc.bigInt(0n, 70n) })
  .map(({ id, of, nanos }) =>
    command(`reserve ${nanos} for ${id} of ${of}`, async (model, { budget, now }) => {
      const got = await budget.reserve(id, of, nanos);
      const held = model.open.get(id);
      if (held !== undefined) {
        expect(got).toMatchObject({ state: 'reserved', reservation: { nanos: held.nanos, atMs: held.atMs } });
        return;
      }
      const fits = machineCaps.every((cap) => {
        if (cap.model !== undefined && cap.model !== of) return true;
        const { spent, reserved } = counted(model, cap, now());
        return spent + reserved + nanos <= cap.nanos;
      });
      expect(got.state).toBe(fits ? 'reserved' : 'full');
      if (fits) model.open.set(id, { callId: id, model: of, nanos, atMs: now() });
    }),
  );

const settles = fc
  .record({ id: callId, share: fc.option(fc.nat(100), { nil: undefined }) })
  .map(({ id, share }) =>
    command(`settle ${id} at ${share} %`, async (model, { budget }) => {
      const held = model.open.get(id);
      if (held === undefined) return;
      const cost = share === undefined ? undefined : (held.nanos * BigInt(share)) / 100n;
      await budget.settle(held, cost);
      await budget.settle(held, 0n);
      model.open.delete(id);
      model.closed.push({ ...held, nanos: cost ?? held.nanos, known: cost !== undefined });
    }),
  );

const passes = fc
  .integer({ min: 1, max: 20 })
  .map((hours) => command(`${hours} hours pass`, async (_, machine) => machine.pass(hours * HOUR_MS)));

const reopens = fc.constant(command('reopen', (_, machine) => machine.reopen()));

/** Checks a driver against a plain list of everything that counts, over random histories. */
export function budgetMachine(name: string, open: () => Promise<BudgetMachine>): void {
  it(`${name} counts what a plain list of all calls counts, and never more than a cap`, async () => {
    const histories = fc.commands([reserves, reserves, settles, passes, reopens], { maxCommands: 60 });
    await fc.assert(
      fc.asyncProperty(histories, async (commands) => {
        const machine = await open();
        const model: Model = { open: new Map(), closed: [] };
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
