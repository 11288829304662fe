import { expect, it } from 'vitest';
import { record } from '../testing/record.js';
import { type Middleware, wrap } from './middleware.js';

it('puts the first layer outside', async () => {
  const order: string[] = [];
  const layer =
    (name: string): Middleware =>
    (next) =>
    async (...args) => {
      order.push(`${name} in`);
      const outputs = await next(...args);
      order.push(`${name} out`);
      return outputs;
    };
  const handle = wrap(async () => [], [layer('outer'), layer('inner')]);
  await handle(record(), new AbortController().signal);
  expect(order).toEqual(['outer in', 'inner in', 'inner out', 'outer out']);
});
