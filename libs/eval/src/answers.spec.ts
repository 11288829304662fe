import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '@spillway/contracts/fault';
import { type ScriptedReply, scripted } from '@spillway/models/testing/scripted';
import { loadPack } from '@spillway/pack/load';
import type { Pack } from '@spillway/pack/pack';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { answerAll } from './answers.js';
import { openCallCache } from './call-cache.js';

const inputs = ['one', 'two', 'three', 'two'].map((text) => ({
  text,
  subject: '',
  locale: '',
  receivedAtMs: 0,
}));
const label = (name: string): ScriptedReply => ({ text: JSON.stringify({ label: name }) });

let pack: Pack;
let folder: string;
beforeAll(async () => {
  pack = await loadPack('deploy/packs/support');
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-answers-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function answered(
  replies: readonly ScriptedReply[],
  identity = 'm1',
  asked: Partial<Parameters<typeof answerAll>[0]> = {},
) {
  const model = scripted(replies);
  const calls = await openCallCache(join(folder, 'cache', 'calls.jsonl'));
  const answers = await answerAll(
    {
      pack,
      models: { for: () => model },
      calls,
      step: 'classify',
      tier: 'small',
      identity,
      concurrency: 2,
      signal: new AbortController().signal,
      ...asked,
    },
    inputs,
  );
  return { said: answers.map(({ result }) => result?.case), asked: model.calls.length, hits: calls.hits() };
}

describe('answers of a model', () => {
  it('are asked for once for each input, and not again by the next run', async () => {
    const first = await answered([label('order_status')]);
    expect(first).toMatchObject({ asked: 3, said: Array(4).fill('classification') });
    expect(await answered([label('order_status')])).toMatchObject({ asked: 0, hits: 4, said: first.said });
  });

  it('are another model’s where its identity differs', async () => {
    await answered([label('order_status')]);
    expect(await answered([label('order_status')], 'm2')).toMatchObject({ asked: 3 });
  });

  it('are asked for again where the same model is asked in another way, and for each repetition', async () => {
    const replies = [label('order_status')];
    const sampling = { for: () => scripted(replies), signals: () => ({ samples: 2 }) };
    await answered(replies);
    expect(await answered(replies, 'm1', { repetition: 1 })).toMatchObject({ asked: 3 });
    expect(await answered(replies, 'm1', { repetition: 1 })).toMatchObject({ asked: 0 });
    expect(await answered(replies, 'm1', { models: sampling })).toMatchObject({ hits: 1 });
  });

  it('that failed are asked for again', async () => {
    const refused = new Fault('rejected', 'no');
    expect((await answered([refused])).said).toEqual(Array(4).fill('failure'));
    expect(await answered([label('order_status')])).toMatchObject({ asked: 3, hits: 1 });
  });

  it('go on where a killed run left half a line', async () => {
    await answered([label('order_status')]);
    const path = join(folder, 'cache', 'calls.jsonl');
    const [line = ''] = readFileSync(path, 'utf8').split('\n');
    rmSync(path);
    appendFileSync(path, `${line}\n${line.slice(0, 20)}`);
    expect(await answered([label('order_status')])).toMatchObject({ asked: 2 });
    expect(await answered([label('order_status')])).toMatchObject({ asked: 0 });
  });
});
