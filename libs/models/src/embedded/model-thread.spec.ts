import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { promptFor } from '../steps.js';
import { smallPack } from '../testing/small-pack.js';
import { embeddedModels } from './embedded-models.js';
import { threadedModels } from './model-thread.js';
import { trainPack } from './train.js';

// A thread cannot be told to read TypeScript that needs more than its types taken away: it runs what was built.
const options = { entry: new URL('../../dist/embedded/model-worker.js', import.meta.url) };
const input = { text: 'where is my order AB-123456', subject: '', locale: 'en', receivedAtMs: 0 };
const never = new AbortController().signal;

const examplesOf = (words: string) =>
  ['please', 'now!!', 'thanks', 'again', 'why'].map((end, at) => ({
    text: `${words} ${end}`,
    mood: at % 2 === 0 ? ('neutral' as const) : ('negative' as const),
  }));
const plain = smallPack();
const pack = smallPack({
  intents: plain.intents.map((intent) => ({
    ...intent,
    examples: examplesOf(`${intent.label.replaceAll('_', ' ')} ${intent.description}`),
  })),
});
const trained = trainPack(pack);
let threaded: ReturnType<typeof threadedModels>;
beforeAll(() => {
  threaded = threadedModels(pack, trained, options);
});
afterAll(() => threaded.close());

const ask = (
  models: Pick<typeof threaded, 'small' | 'big'>,
  step: 'classify' | 'extract' | 'sentiment' | 'polish',
) => models[step === 'polish' ? 'big' : 'small'].complete(promptFor(step, input, pack, step), never);

describe('embedded models in a thread', () => {
  it('answer as they do without one', async () => {
    const here = embeddedModels(pack, trained);
    for (const step of ['classify', 'extract', 'sentiment'] as const) {
      expect(await ask(threaded, step)).toEqual(await ask(here, step));
    }
  });

  it('answer many questions at once, each its own', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => ask(threaded, index % 2 === 0 ? 'classify' : 'sentiment')),
    );
    expect(new Set(answers.map(({ text }) => Object.keys(JSON.parse(text)).join()))).toEqual(
      new Set(['label', 'mood']),
    );
  });

  it('hand on the fault of a question', async () => {
    await expect(ask(threaded, 'polish')).rejects.toMatchObject({ name: 'Fault', code: 'missing' });
  });

  it('go on in a new thread when one has died', async () => {
    const broken = threadedModels(pack, trained, {
      ...options,
      entry: new URL('data:text/javascript,throw 1'),
    });
    await expect(ask(broken, 'classify')).rejects.toMatchObject({ code: 'unavailable' });
    await expect(ask(broken, 'classify')).rejects.toMatchObject({ code: 'unavailable' });
    await broken.close();
  });

  it('refuse models of another pack', () => {
    expect(() => threadedModels(pack, { ...trained, source: 'other' }, options)).toThrow(
      expect.objectContaining({ code: 'misconfigured' }),
    );
  });
});
