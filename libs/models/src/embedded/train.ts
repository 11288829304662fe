import { hash } from 'node:crypto';
import { Fault } from '@spillway/contracts/fault';
import { OUT_OF_SCOPE, type Pack } from '@spillway/pack/pack';
import { trainLinear } from './linear.js';
import { decodeModel, encodeModel } from './linear-codec.js';
import { openTrained, type TrainedPack } from './trained.js';

/** What is being done and how much of all of it is done, 0 to 1. */
export type TrainProgress = (doing: string, share: number) => void;

/**
 * Trains the intent and mood classifiers of a pack from its examples and calibrates them by cross-fitting. Seconds for a
 * thousand examples; the same pack always gives the same models.
 *
 * @throws Fault `misconfigured` when the examples show fewer than two intents or fewer than two moods
 */
export function trainPack(pack: Pack, onProgress?: TrainProgress): TrainedPack {
  const examples = pack.intents.flatMap(({ label, examples: own }) => own.map((one) => ({ ...one, label })));
  if (new Set(examples.map(({ mood }) => mood)).size < 2) {
    throw new Fault('misconfigured', 'the examples of the intents are all of one mood', {
      problems: [
        { where: 'intents.yaml', message: 'mark some examples with `mood: negative` and `mood: positive`' },
      ],
    });
  }
  const linear = trainLinear(
    examples.map(({ text }) => text),
    [
      { name: 'intents', labels: examples.map(({ label }) => label), outOfScope: OUT_OF_SCOPE },
      { name: 'moods', labels: examples.map(({ mood }) => mood), moods: true },
    ],
    onProgress === undefined ? {} : { onProgress },
  );
  return openTrained(sourceOf(pack), linear);
}

/**
 * What the models of a pack follow from: a hash of its labelled examples. Prices, macros or the policy may change without
 * training anew.
 */
export function sourceOf({ intents }: Pick<Pack, 'intents'>): string {
  const examples = intents.map(({ label, examples: own }) => [
    label,
    own.map(({ text, mood }) => [text, mood]),
  ]);
  return hash('sha256', JSON.stringify(examples));
}

/** The models as bytes, to be kept and read again by {@link decodeTrained}. */
export function encodeTrained({ source, linear }: TrainedPack): Uint8Array {
  return encodeModel(source, linear);
}

/**
 * The models from their bytes; whether they are of the pack at hand, `source` says.
 *
 * @throws Fault `malformed` when the bytes are damaged, cut, or of another version
 */
export function decodeTrained(bytes: Uint8Array): TrainedPack {
  const { source, linear } = decodeModel(bytes);
  return openTrained(source, linear);
}
