import { expect, it } from 'vitest';
import type { Completion, LanguageModel, Prompt } from '../language-model.js';
import { concurrency } from './concurrency.js';
import { hold } from './hold.js';

const prompt = { step: 'classify' } as Prompt;
const alive = new AbortController().signal;
const FOREVER = 2 ** 30;

/** A model whose calls end when the spec says so. */
function slow(): { readonly model: LanguageModel; readonly calls: PromiseWithResolvers<Completion>[] } {
  const calls: PromiseWithResolvers<Completion>[] = [];
  const model: LanguageModel = {
    name: 'slow',
    embedded: false,
    complete: () => {
      const call = Promise.withResolvers<Completion>();
      calls.push(call);
      return call.promise;
    },
  };
  return { model, calls };
}

const done = { text: 'yes' } as Completion;

/** Whether it has resolved by now. */
async function isOver(promise: Promise<void>): Promise<boolean> {
  let over = false;
  void promise.then(() => {
    over = true;
  });
  await new Promise(setImmediate);
  return over;
}

it('lets the calls that run end, and says that nobody waits', async () => {
  const { model, calls } = slow();
  const { layer, begin, waits } = hold();
  const call = layer(model).complete(prompt, alive);
  const ended = begin(FOREVER);
  calls[0]?.resolve(done);
  await ended;
  await expect(call).resolves.toBe(done);
  expect(await isOver(waits)).toBe(false);
});

it('lets no call begin any more: whoever comes waits until it is aborted', async () => {
  const { model, calls } = slow();
  const { layer, begin, waits } = hold();
  const held = layer(model);
  const first = held.complete(prompt, alive);
  const ended = begin(FOREVER);
  const gone = new AbortController();
  const late = held.complete(prompt, gone.signal);
  calls[0]?.reject(new Error('broke off'));
  await expect(first).rejects.toThrow('broke off');
  await ended;
  expect(await isOver(waits)).toBe(true);
  expect(calls).toHaveLength(1);
  gone.abort();
  await expect(late).rejects.toMatchObject({ code: 'cancelled' });
  await expect(held.complete(prompt, gone.signal)).rejects.toMatchObject({ code: 'cancelled' });
});

it('tells of a call that comes after the last one has ended', async () => {
  const { model, calls } = slow();
  const { layer, begin, waits } = hold();
  await begin(FOREVER);
  expect(await isOver(waits)).toBe(false);
  void layer(model).complete(prompt, alive);
  await waits;
  expect(calls).toHaveLength(0);
});

it('counts whoever has waited for a turn at a busy endpoint', async () => {
  const { model, calls } = slow();
  const { layer, begin, waits } = hold();
  const limited = concurrency({ limit: 1, queue: 1 })(layer(model));
  const first = limited.complete(prompt, alive);
  void limited.complete(prompt, alive);
  await Promise.resolve();
  const ended = begin(FOREVER);
  calls[0]?.resolve(done);
  await first;
  await ended;
  await waits;
  expect(calls).toHaveLength(1);
});

it('does not wait for ever', async () => {
  const { model } = slow();
  const { layer, begin } = hold();
  void layer(model).complete(prompt, alive);
  await begin(1);
});

it('ends at once where nothing runs, however often it is begun', async () => {
  const { begin } = hold();
  await begin(FOREVER);
  await begin(FOREVER);
});
