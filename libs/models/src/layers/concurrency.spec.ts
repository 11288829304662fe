import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Completion, LanguageModel, Prompt } from '../language-model.js';
import { concurrency } from './concurrency.js';

const prompt = { step: 'classify' } as Prompt;
const alive = new AbortController().signal;

/** A model whose calls end when the spec says so. */
function held(): { model: LanguageModel; running: (() => void)[]; most: () => number } {
  const running: (() => void)[] = [];
  let most = 0;
  const model: LanguageModel = {
    name: 'held',
    embedded: false,
    complete: () =>
      new Promise((resolve) => {
        const end = (): void => {
          running.splice(running.indexOf(end), 1);
          resolve({ text: 'yes' } as Completion);
        };
        running.push(end);
        most = Math.max(most, running.length);
      }),
  };
  return { model, running, most: () => most };
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
};

it('lets so many run, so many wait, and turns the rest away', async () => {
  const { model, running } = held();
  const limited = concurrency({ limit: 2, queue: 1 })(model);
  const calls = [1, 2, 3].map(() => limited.complete(prompt, alive));
  await expect(limited.complete(prompt, alive)).rejects.toMatchObject({ code: 'throttled' });
  expect(running).toHaveLength(2);
  running[0]?.();
  await settle();
  expect(running).toHaveLength(2);
  for (const end of [...running]) end();
  await expect(Promise.all(calls)).resolves.toHaveLength(3);
});

it('shares its limit among the models in one layer', async () => {
  const { model, running } = held();
  const layer = concurrency({ limit: 1, queue: 5 });
  void layer(model).complete(prompt, alive);
  void layer(model).complete(prompt, alive);
  await settle();
  expect(running).toHaveLength(1);
});

it('lets a call go first that continues one which is paid for, even where the queue is full', async () => {
  const { model, running } = held();
  const limited = concurrency({ limit: 1, queue: 1 })(model);
  const ended: string[] = [];
  const call = async (name: string, continued: boolean): Promise<void> => {
    await limited.complete({ ...prompt, continued }, alive);
    ended.push(name);
  };
  const calls = [call('running', false), call('waiting', false), call('continued', true), call('next', true)];
  for (const _ of calls) {
    await settle();
    running[0]?.();
  }
  await Promise.all(calls);
  expect(ended).toEqual(['running', 'continued', 'next', 'waiting']);
});

it('lets a call leave the queue, and its place is free at once', async () => {
  const { model } = held();
  const limited = concurrency({ limit: 1, queue: 1 })(model);
  void limited.complete(prompt, alive);
  const controller = new AbortController();
  const waiting = limited.complete(prompt, controller.signal);
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
  const next = limited.complete(prompt, alive);
  await expect(Promise.race([next, settle().then(() => 'waiting')])).resolves.toBe('waiting');
});

it('never runs more than the limit and loses no call, whatever the order', async () => {
  const step = fc.oneof(fc.constant('call'), fc.constant('end'), fc.constant('abort'));
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.integer({ min: 1, max: 3 }),
      async (script, limit) => {
        const { model, running, most } = held();
        const limited = concurrency({ limit, queue: 100 })(model);
        const controllers: AbortController[] = [];
        const outcomes: Promise<string>[] = [];
        for (const each of script) {
          if (each === 'call') {
            const controller = new AbortController();
            controllers.push(controller);
            outcomes.push(
              limited.complete(prompt, controller.signal).then(
                () => 'answered',
                () => 'left',
              ),
            );
          } else if (each === 'end') running[0]?.();
          else controllers.pop()?.abort();
          await settle();
        }
        while (running.length > 0) {
          running[0]?.();
          await settle();
        }
        await Promise.all(outcomes);
        expect(most()).toBeLessThanOrEqual(limit);
      },
    ),
    { numRuns: 50 },
  );
});
