import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as nest from '@nestjs/common';
import * as contracts from '@spillway/contracts/event';
import * as events from '@spillway/contracts/events';
import ts from 'typescript';
import { afterAll, expect, it } from 'vitest';
import { type EmbeddedBusOptions, openEmbeddedBus } from './embedded.js';
import * as on from './on.js';
import * as serving from './serve.js';

const folder = mkdtempSync(join(tmpdir(), 'spillway-readme-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const replies: string[] = [];
const modules: Readonly<Record<string, unknown>> = {
  '@nestjs/common': nest,
  '@spillway/contracts/event': contracts,
  '@spillway/contracts/events': events,
  '@spillway/bus/on': on,
  '@spillway/bus/serve': serving,
  '@spillway/bus/embedded': {
    openEmbeddedBus({ path }: EmbeddedBusOptions) {
      const bus = openEmbeddedBus({ path: join(folder, path) });
      const note = (value: Uint8Array) =>
        replies.push(contracts.decode(events.MessageSettledSchema, value).reply);
      void bus.tail(['message.settled'], (record) => note(record.value));
      return bus;
    },
  },
};

it('has an example that works', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const example = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? '';
  const { outputText } = ts.transpileModule(example, {
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
      experimentalDecorators: true,
    },
  });
  const AsyncFunction = (async () => undefined).constructor as FunctionConstructor;
  await AsyncFunction('require', 'exports', outputText)((name: string) => modules[name], {});
  expect(replies).toEqual(['Hello Ann']);
});
