import { expect, it } from 'vitest';
import { methodsAt } from './routes.js';

const routes = [
  { method: 'GET', path: '/v1/messages' },
  { method: 'POST', path: '/v1/messages' },
  { method: 'GET', path: '/v1/messages/:id' },
  { method: 'GET', path: '/docs/*' },
];

it.each([
  ['/v1/messages', ['GET', 'POST']],
  ['/v1/messages/m1', ['GET']],
  ['/v1/messages/', []],
  ['/v1/messages/m1/more', []],
  ['/v1', []],
  ['/docs/static/a.js', ['GET']],
  ['/', []],
])('%s takes %j', (path, methods) => {
  expect(methodsAt(routes, path)).toEqual(methods);
});
