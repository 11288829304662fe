import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { type EmbeddedKeyedStateOptions, openEmbeddedKeyedState } from './embedded-keyed-state.js';
import * as calls from './recorded-calls.js';

const folder = mkdtempSync(join(tmpdir(), 'spillway-readme-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const doors: Readonly<Record<string, object>> = {
  '@spillway/store/recorded-calls': calls,
  '@spillway/store/embedded-keyed-state': {
    openEmbeddedKeyedState: ({ path }: EmbeddedKeyedStateOptions) =>
      openEmbeddedKeyedState({ path: join(folder, path) }),
  },
};

it('has an example that works', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const example = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? '';
  const script = example.replace(/^import (.*) from ('.*');$/gm, 'const $1 = doors[$2];');
  const AsyncFunction = (async () => undefined).constructor as FunctionConstructor;
  const callModel = vi.fn(async () => new Uint8Array());
  const report = vi.fn();
  await AsyncFunction('doors', 'callModel', 'report', script)(doors, callModel, report);
  expect(report).toHaveBeenCalledExactlyOnceWith(false, true);
  expect(callModel).toHaveBeenCalledOnce();
});
