import { EXAMINED_CHARACTERS, EXAMINED_SUBJECT } from './features.js';
import { type LinearModel, predictor } from './linear.js';
import type { Prediction } from './linear-classifier.js';

export type { Prediction };

/** The embedded models of one pack. */
export interface TrainedPack {
  /** What they were trained from: `sourceOf` the pack. */
  readonly source: string;
  /** Intents, then moods. */
  readonly linear: LinearModel;
  readonly predict: (text: string, subject: string) => readonly Prediction[];
}

/** Messages whose answers are kept: those under way at once, since each step of a message asks for the same. */
const KEPT = 512;

/** Makes a model ready to answer for a pack. */
export function openTrained(source: string, linear: LinearModel): TrainedPack {
  const answer = predictor(linear);
  let kept = new Map<string, readonly Prediction[]>();
  // The ones before: a map from which the oldest entry is taken each time has to search for it.
  let older = kept;
  const predict = (text: string, subject: string): readonly Prediction[] => {
    const key = `${subject.slice(0, EXAMINED_SUBJECT)}\n${text.slice(0, EXAMINED_CHARACTERS)}`;
    const known = kept.get(key) ?? older.get(key);
    if (known !== undefined) return known;
    if (kept.size === KEPT) {
      older = kept;
      kept = new Map();
    }
    const predictions = answer(text, subject);
    kept.set(key, predictions);
    return predictions;
  };
  return { source, linear, predict };
}

/** The intent of a message, from its subject and the first 1,200 characters of its text. */
export function predictIntent(trained: TrainedPack, text: string, subject: string): Prediction {
  return trained.predict(text, subject)[0] as Prediction;
}

/** The mood of a message (negative, neutral or positive), from the same. */
export function predictMood(trained: TrainedPack, text: string, subject: string): Prediction {
  return trained.predict(text, subject)[1] as Prediction;
}
