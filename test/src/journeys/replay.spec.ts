import { join } from 'node:path';
import { Controller, Module } from '@nestjs/common';
import { openEmbeddedBus } from '@spillway/bus/embedded';
import { On } from '@spillway/bus/on';
import { serve } from '@spillway/bus/serve';
import type { Outgoing } from '@spillway/contracts/event';
import {
  AuditRecordedSchema,
  DeadlinePassedSchema,
  MessageReceivedSchema,
  ReviewDecidedSchema,
  StepCompletedSchema,
} from '@spillway/contracts/events';
import { Fault } from '@spillway/contracts/fault';
import { deadTopics } from '@spillway/contracts/topology';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { post, read, until } from '../api.js';
import { type Server, spillway, startServer } from '../server.js';

/** A release of the router that can do nothing. */
@Controller()
class BrokenController {
  @On(MessageReceivedSchema)
  received(): readonly Outgoing[] {
    return this.fail();
  }

  @On(StepCompletedSchema)
  answered(): readonly Outgoing[] {
    return this.fail();
  }

  @On(ReviewDecidedSchema)
  reviewed(): readonly Outgoing[] {
    return this.fail();
  }

  @On(DeadlinePassedSchema)
  due(): readonly Outgoing[] {
    return this.fail();
  }

  @On(AuditRecordedSchema)
  audited(): readonly Outgoing[] {
    return this.fail();
  }

  private fail(): never {
    throw new Fault('rejected', 'this release is broken');
  }
}

@Module({ controllers: [BrokenController] })
class BrokenRouter {}

/** An event that nobody can read, whatever the release. */
const poison: Outgoing = {
  topic: 'message.received',
  key: 'poison',
  id: 'poison/message.received',
  value: Uint8Array.of(255, 255),
  headers: {},
};
/** `message.received` and one answer for each of the three small models. */
const EVENTS = 4;

let server: Server;
let data: string;
let id: string;
let here: Record<string, string>;

/** Lets the broken router at the log until it has parked so many events. */
async function parkEvents(data: string, count: number): Promise<void> {
  const bus = openEmbeddedBus({ path: join(data, 'bus.db') });
  let parked = 0;
  await bus.tail(deadTopics, () => {
    parked += 1;
  });
  await bus.publish([poison]);
  const router = await serve({ bus, group: 'router', module: BrokenRouter, slots: 10, order: 'key' });
  await vi.waitFor(() => expect(parked).toBe(count), { timeout: 10_000 });
  await router.close(1_000);
  await bus.close();
}

async function startOn(folder: string, services: readonly string[] = []): Promise<void> {
  server = await startServer({ SPILLWAY_DATA: folder }, services);
  here = { SPILLWAY_PORT: String(server.port) };
}

beforeAll(async () => {
  const workers = ['classifier', 'extractor', 'sentiment', 'drafter', 'polisher'];
  const before = await startServer({}, ['gateway', ...workers, 'ledger']);
  id = await post(before.url, { text: 'Where is my order FF-204518?', channel: 'form' });
  await vi.waitFor(
    async () => expect(Object.keys((await read(before.url, id)).steps).length).toBe(EVENTS - 1),
    { timeout: 20_000 },
  );
  await before.stop();
  data = before.data;
  await parkEvents(data, EVENTS + 1);
  await startOn(data, ['gateway', 'ledger']);
}, 90_000);
afterAll(() => server.remove());

type Line = Readonly<Record<string, unknown>>;

async function replay(...args: readonly string[]): Promise<{ code: number; lines: readonly Line[] }> {
  const { code, stdout } = await spillway(['replay', '--json', ...args], here);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return { code, lines: lines.map((line) => JSON.parse(line) as Line) };
}

describe('after a broken release', () => {
  it('the message counts as failed', async () => {
    expect(await until(server.url, id)).toMatchObject({ status: 'failed' });
  });

  it('a dry run shows what is parked, and changes nothing', async () => {
    const { code, stdout, stderr } = await spillway(
      ['replay', '--dry-run', '--filter', `message_id=${id}`],
      here,
    );
    expect(code).toBe(0);
    expect(stderr.trim()).toBe(`${EVENTS} would be replayed`);
    const [headings, ...rows] = stdout.trimEnd().split('\n');
    expect(headings).toMatch(/^outcome +parked at +by +error/);
    expect(rows.length).toBe(EVENTS);
    for (const row of rows) expect(row).toMatch(/^would be replayed +20\S+ \S+ +router +rejected /);
    expect(await read(server.url, id)).toMatchObject({ status: 'failed' });
  });

  it('a replay puts the message under way again, and to its end once the router is mended', async () => {
    const { code, lines } = await replay('--group', 'router', '--filter', `message_id=${id}`);
    expect(code).toBe(0);
    expect(lines.slice(0, -1).map(({ outcome, group }) => [outcome, group])).toEqual(
      Array(EVENTS).fill(['replayed', 'router']),
    );
    expect(await until(server.url, id, ['in_progress'])).toMatchObject({
      dead_letters: Array(EVENTS).fill(expect.objectContaining({ replayed_at: expect.any(String) })),
    });
    await server.stop();
    await startOn(data);
    const message = await until(server.url, id, ['settled']);
    expect(message).toMatchObject({ status: 'settled', reply: { by: 'small' } });
    expect(Object.keys(message.steps).sort()).toEqual(['classify', 'draft', 'extract', 'sentiment']);
  });

  it('a second one does nothing', async () => {
    const { code, lines } = await replay('--filter', `message_id=${id}`);
    expect([code, lines]).toEqual([
      0,
      [{ outcome: 'end', replayed: 0, refused: 0, replayed_before: EVENTS, more: false }],
    ]);
  });
});

describe('what cannot be mended', () => {
  const only = ['--group', 'router', '--filter', 'message_id=poison'];

  it('is refused once it has failed after three replays', async () => {
    for (const replays of [0, 1, 2]) {
      const { code, lines } = await vi.waitFor(
        async () => {
          const found = await replay(...only);
          expect(found.lines.length).toBe(2);
          return found;
        },
        { timeout: 20_000 },
      );
      expect(code).toBe(0);
      expect(lines[0]).toMatchObject({
        outcome: 'replayed',
        code: 'malformed',
        replays,
        attempts: replays + 1,
      });
    }
    await vi.waitFor(
      async () => {
        const { code, lines } = await replay(...only);
        expect(lines[0]).toMatchObject({ outcome: 'refused', replays: 3, attempts: 4 });
        expect(code).toBe(1);
      },
      { timeout: 20_000 },
    );
  }, 60_000);

  it('is there for every service that could not read it', async () => {
    const { lines } = await replay('--dry-run', '--force', '--filter', 'message_id=poison');
    expect(
      lines
        .map(({ group }) => group)
        .filter(Boolean)
        .sort(),
    ).toEqual(['classifier', 'extractor', 'ledger', 'router', 'sentiment']);
  });
});

it.each([
  ['a field that there is not', ['--filter', 'colour=red'], 'no such field'],
  ['a topic that there is not', ['--topic', 'weather.changed'], 'topic: must be one of'],
  ['a rate that is none', ['--rate', 'fast'], '--rate: must be a number'],
])('%s: says what is wrong', async (_, args, words) => {
  const { code, stdout, stderr } = await spillway(['replay', ...args], here);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(words);
});

it('no server: says so', async () => {
  const { code, stderr } = await spillway(['replay'], { SPILLWAY_PORT: '9' });
  expect([code, stderr]).toEqual([3, expect.stringContaining('no server answers')]);
});
