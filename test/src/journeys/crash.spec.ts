import { afterAll, beforeAll, expect, it } from 'vitest';
import { call, type Message, post, until } from '../api.js';
import { type Server, startServer } from '../server.js';

let server: Server;
beforeAll(async () => {
  server = await startServer();
}, 60_000);
afterAll(() => server.remove());

const texts = [
  'Where is my order FF-204518?',
  'I want my money back for FF-300001, 49.90 EUR, it is broken!!',
  'do you ship to Norway',
  'Wo bleibt meine Bestellung? Ich warte seit zwei Wochen.',
];

/** Sends on eight lanes and kills the server once so many were accepted; the ids that got a 202. */
async function loadAndKill(round: number, killAfter: number): Promise<readonly string[]> {
  const ids: string[] = [];
  let crash: Promise<void> | undefined;
  const lane = async (number: number): Promise<void> => {
    const conversation_id = `crash-${round}-${number}`;
    for (let index = 0; crash === undefined; index += 1) {
      const message = { text: texts[index % texts.length], channel: index % 2 === 0 ? 'form' : 'email' };
      const id = await post(server.url, { ...message, conversation_id }).catch(() => undefined);
      if (id === undefined) return;
      ids.push(id);
      if (ids.length >= killAfter) crash ??= server.crash();
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, number) => lane(number)));
  await crash;
  return ids;
}

it('kill -9 at any moment under load loses nothing and settles nothing twice', async () => {
  const accepted: string[] = [];
  for (let round = 0; round < 5; round += 1) {
    accepted.push(...(await loadAndKill(round, 7 + 61 * round)));
    await server.restart();
  }
  expect(accepted.length).toBeGreaterThan(50);
  for (const id of accepted) {
    const message = await until(server.url, id);
    expect(['settled', 'in_review']).toContain(message.status);
    const seen = message.decisions.map(({ step, tier }) => `${step}:${tier}`);
    expect(new Set(seen).size).toBe(seen.length);
  }
  expect(new Set(accepted).size).toBe(accepted.length);
}, 120_000);

it('replies of one conversation leave in the order of their messages', async () => {
  const ids: string[] = [];
  for (let index = 0; index < 40; index += 1) {
    const channel = index % 3 === 0 ? 'email' : 'form';
    ids.push(await post(server.url, { text: texts[index % 2], channel, conversation_id: 'in-order' }));
  }
  const messages: Message[] = [];
  for (const id of ids) messages.push(await until(server.url, id));
  const settled = messages.filter(({ status }) => status === 'settled').map(({ settled_at }) => settled_at);
  expect(settled).toEqual([...settled].sort());
  expect((await call(`${server.url}/readyz`)).status).toBe(200);
});

it('SIGTERM lets what is in flight finish, and exits with 0', async () => {
  const ids = await Promise.all(texts.map((text) => post(server.url, { text, channel: 'form' })));
  expect(await server.stop()).toBe(0);
  await server.restart();
  for (const id of ids) expect(['settled', 'in_review']).toContain((await until(server.url, id)).status);
});
