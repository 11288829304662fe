import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, type DynamicModule } from '@nestjs/common';
import type { Bus } from '@spillway/bus/bus';
import { openEmbeddedBus } from '@spillway/bus/embedded';
import { On, type Received } from '@spillway/bus/on';
import { serve } from '@spillway/bus/serve';
import { emit, type Outgoing } from '@spillway/contracts/event';
import { MessageReceivedSchema, StepCompletedSchema } from '@spillway/contracts/events';

const TRACEPARENT = '00-0123456789abcdef0123456789abcdef-0123456789abcdef-00';
const TEXT = 'Where is my parcel? It should have been here on Tuesday. '.repeat(6);

function message(n: number): Outgoing {
  const ids = { conversationId: `conversation-${n % 5_000}`, messageId: `message-${n}` };
  return {
    ...emit(MessageReceivedSchema, { ...ids, text: TEXT }),
    headers: { traceparent: TRACEPARENT },
  };
}

const messages = (from: number, count: number): readonly Outgoing[] =>
  Array.from({ length: count }, (_, n) => message(from + n));

/** A service that answers each message with one event, and does nothing else. */
function worker(onDone: () => void): DynamicModule {
  class WorkerController {
    received({ event: { conversationId, messageId } }: Received<typeof MessageReceivedSchema>) {
      onDone();
      return [emit(StepCompletedSchema, { conversationId, messageId }, 'classify:small')];
    }
  }
  class WorkerModule {}
  Controller()(WorkerController);
  const { prototype } = WorkerController;
  const method = Object.getOwnPropertyDescriptor(prototype, 'received') as TypedPropertyDescriptor<
    typeof prototype.received
  >;
  On(MessageReceivedSchema)(prototype, 'received', method);
  return { module: WorkerModule, controllers: [WorkerController] };
}

interface Measured {
  readonly events: number;
  readonly seconds: number;
  readonly cpuMicros: number;
}

async function measure(events: number, work: () => Promise<void>): Promise<Measured> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { events, seconds: (performance.now() - started) / 1000, cpuMicros: user + system };
}

async function append(bus: Bus, count: number, batch: number): Promise<Measured> {
  const batches = Array.from({ length: count / batch }, (_, n) => messages(n * batch, batch));
  return measure(count, async () => {
    for (const events of batches) await bus.publish(events);
  });
}

/** `count` messages through one handler and one output for each of three groups. */
async function handle(bus: Bus, count: number, atOnce: number): Promise<Measured> {
  let handled = 0;
  const services = await Promise.all(
    ['one', 'two', 'three'].map((group) =>
      serve({
        bus,
        group,
        module: worker(() => {
          handled += 1;
        }),
        slots: 100,
        order: 'key',
        deadlineMs: 5_000,
      }),
    ),
  );
  const batches = Array.from({ length: count / atOnce }, (_, n) => messages(n * atOnce, atOnce));
  const done = (events: number) => () =>
    handled >= events && services.every((service) => service.health().lag === 0);
  const measured = await measure(3 * count, async () => {
    for (const [index, events] of batches.entries()) {
      await bus.publish(events);
      // As a gateway would: what is in flight is bounded.
      const bound = done(3 * atOnce * (index + 1));
      while (!bound()) await new Promise((resolve) => setImmediate(resolve));
    }
  });
  for (const service of services) await service.close(1_000);
  return measured;
}

function row(name: string, { events, seconds, cpuMicros }: Measured): void {
  const rate = Math.round(events / seconds).toLocaleString('en');
  process.stdout.write(`| ${name} | ${events} | ${rate} | ${(cpuMicros / events).toFixed(1)} |\n`);
}

/** What the embedded bus costs: appends, and whole hops (publish, handler through Nest, output). */
export async function embeddedBus(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-bench-'));
  const fresh = (name: string): Bus => openEmbeddedBus({ path: join(folder, `${name}.db`) });
  process.stdout.write('| embedded bus | events | events/s | CPU us/event |\n|---|---|---|---|\n');
  try {
    for (const batch of [1, 100, 1_000]) {
      const bus = fresh(`append-${batch}`);
      row(`append, ${batch} a call`, await append(bus, batch === 1 ? 5_000 : 200_000, batch));
      await bus.close();
    }
    for (const atOnce of [1, 50, 1_000]) {
      const bus = fresh(`handle-${atOnce}`);
      await handle(bus, 5_000, atOnce);
      await bus.close();
      const warm = fresh(`warm-${atOnce}`);
      const count = atOnce === 1 ? 2_000 : 40_000;
      row(`hop in 3 groups, ${atOnce} messages in flight`, await handle(warm, count, atOnce));
      await warm.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
