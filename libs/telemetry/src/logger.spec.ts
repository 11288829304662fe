import { expect, it } from 'vitest';
import { configureLogs, createLogger } from './logger.js';

it('redacts what a customer wrote and what opens a door', () => {
  const lines: string[] = [];
  configureLogs({ destination: { write: (line) => lines.push(line) } });
  createLogger('gateway').info(
    { text: 'my card is 4111', request: { authorization: 'Bearer k' }, id: 'm1' },
    'taken in',
  );
  const line = lines.join('');
  expect(line).not.toMatch(/4111|Bearer/);
  expect(JSON.parse(line)).toMatchObject({ service: 'gateway', level: 'info', id: 'm1', msg: 'taken in' });
});
