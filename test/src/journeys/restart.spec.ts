import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Message, post, until } from '../api.js';
import { type Server, startServer } from '../server.js';

let server: Server;
beforeAll(async () => {
  server = await startServer();
}, 60_000);
afterAll(() => server.remove());

const confidences = ({ decisions }: Message): object =>
  Object.fromEntries(decisions.map(({ step, tier, confidence }) => [`${step}:${tier}`, confidence]));

const ended = async (): Promise<Message> =>
  until(server.url, await post(server.url, { text: 'Where is my order FF-204518?', channel: 'form' }));

it('the models that were trained by the first start answer alike after the next', async () => {
  const first = await ended();
  expect(first.status).toBe('settled');
  expect(await server.stop()).toBe(0);
  await server.restart();
  const second = await ended();
  expect(Object.values(second.steps).flatMap(({ failure }) => failure ?? [])).toEqual([]);
  expect(confidences(second)).toEqual(confidences(first));
  expect(second.reply).toEqual(first.reply);
});
