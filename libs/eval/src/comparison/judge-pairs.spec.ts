import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '@spillway/contracts/fault';
import type { Prompt } from '@spillway/models/language-model';
import { type ScriptedReply, scripted } from '@spillway/models/testing/scripted';
import { loadPack } from '@spillway/pack/load';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCallCache } from '../call-cache.js';
import { judgePairs, unjudged } from './judge-pairs.js';

const pack = await loadPack('deploy/packs/support');
const input = { text: 'Where is it?', subject: '', locale: 'en', receivedAtMs: 0 };
const pair = { input, one: 'We look into it.', other: 'No idea.' };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-judge-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Prefers the reply with these words, wherever it stands. */
const preferring =
  (words: string): ScriptedReply =>
  ({ user }: Prompt) => {
    const first = user.slice(user.indexOf('<first>'), user.indexOf('</first>'));
    return { text: JSON.stringify({ better: first.includes(words) ? 'first' : 'second' }) };
  };

async function judged(reply: ScriptedReply, identity = 'j1') {
  const model = scripted([reply]);
  const calls = await openCallCache(join(folder, 'judge.jsonl'));
  const options = { pack, model, identity, calls, concurrency: 2, signal: new AbortController().signal };
  const missing = unjudged(options, [pair]).length;
  const [said] = await judgePairs(options, [pair]);
  return { said, asked: model.calls.length, missing };
}

describe('a judge of replies', () => {
  it('is asked in both orders, and not again for what it has said', async () => {
    const first = await judged(preferring('We look'));
    expect(first).toMatchObject({ asked: 2, missing: 2, said: { inOrder: 'first', reversed: 'second' } });
    expect(await judged(preferring('We look'))).toMatchObject({ asked: 0, missing: 0, said: first.said });
    expect(await judged(preferring('We look'), 'j2')).toMatchObject({ asked: 2 });
  });

  it('that always takes the first shows as such', async () => {
    const { said } = await judged({ text: '{"better":"first"}' });
    expect(said).toMatchObject({ inOrder: 'first', reversed: 'first' });
  });

  it('whose answer cannot be read has said nothing, and is paid for once', async () => {
    const { said } = await judged({ text: 'the first one!' });
    expect(said).toMatchObject({ inOrder: undefined, reversed: undefined });
    expect(await judged({ text: 'the first one!' })).toMatchObject({ asked: 0 });
  });

  it('that gives no answer at all stops the comparison', async () => {
    await expect(judged(new Fault('throttled', 'later'))).rejects.toMatchObject({ code: 'throttled' });
  });
});
