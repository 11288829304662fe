import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { configureLogs } from '@spillway/telemetry/logger';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { event, eventually, numbers } from '../testing/harness.js';
import { kafkaStage } from '../testing/kafka-stage.js';

configureLogs({ level: 'silent' });

const broker = inject('kafkaBrokers');
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A member of the group in a process of its own; resolves once it has joined. */
async function member(from: string, to: string) {
  const child = spawn(
    process.execPath,
    [
      '--no-warnings',
      '--conditions=spillway-source',
      '--experimental-transform-types',
      '--import',
      new URL('../../../../tools/from-source.mjs', import.meta.url).href,
      new URL('../testing/kafka-pass-on-process.ts', import.meta.url).pathname,
      ...[broker, from, to],
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  children.push(child);
  const lines: string[] = [];
  createInterface(child.stdout).on('line', (line) => lines.push(line));
  await eventually(() => expect(lines).toContain('joined'));
  return { child, lines };
}

describe('after kill -9 of a member', { timeout: 60_000 }, () => {
  const stage = kafkaStage(broker);

  it('the others have every event that it was given, and every output', async () => {
    const [from, to] = [await stage.topic(4), await stage.topic(4)];
    const bus = await stage.bus();
    const [victim, survivor] = [await member(from, to), await member(from, to)];
    const outputs: string[] = [];
    const orders = new Map<string, number[]>();
    await bus.tail([to], ({ id, key }) => {
      outputs.push(id);
      orders.set(key, [...(orders.get(key) ?? []), Number(id)]);
    });
    const ids = numbers(1_000);
    await bus.publish(ids.map((n) => event(from, `${Number(n) % 40}`, n, { id: n })));
    await eventually(() => expect(victim.lines.length).toBeGreaterThan(50));
    victim.child.kill('SIGKILL');
    await once(victim.child, 'exit');
    await eventually(() => expect(new Set(outputs).size).toBe(ids.length));
    expect(survivor.lines.length).toBeGreaterThan(100);
    // What was in flight or not yet committed comes again, in the order of its key.
    expect(outputs.length - ids.length).toBeLessThan(400);
    for (const order of orders.values()) {
      const firsts = [...new Set(order)];
      expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
    }
  });
});
