import { Fault } from '@spillway/contracts/fault';
import { Mood, type Sentiment } from '@spillway/contracts/model';
import type { MoodName, Pack } from '@spillway/pack/pack';
import type { StepInput, StepName } from '../language-model.js';
import { type Answer, type Answering, type EmbeddedModels, modelsAnsweredBy } from './answered-models.js';
import { compileDrafter, confidenceOf, type Drafter, primaryOf } from './draft.js';
import { repeatable } from './draft-values.js';
import { compileEditor, type Editor } from './editor.js';
import { compileExtractor, type Extractor } from './extract/extractor.js';
import { languageOfText } from './language.js';
import { secondOpinion } from './second-opinion.js';
import { sourceOf } from './train.js';
import { type Prediction, predictIntent, predictMood, type TrainedPack } from './trained.js';

type Answers = Readonly<Record<StepName, (input: StepInput) => Answer>>;
type Classifier = (text: string, subject: string) => Prediction;

export interface Classifiers {
  readonly intent: Classifier;
  readonly mood: Classifier;
}

/** What both models of a pack share. */
interface Parts {
  readonly extractor: Extractor;
  readonly drafter: Drafter;
  readonly editor: Editor;
}

const labelled = (key: string, prediction: Prediction): Answer => ({
  text: JSON.stringify({ [key]: prediction.label }),
  confidence: {
    raw: prediction.raw,
    calibrated: prediction.calibrated,
    alternatives: prediction.alternatives,
  },
});

function extracted(input: StepInput, extractor: Extractor): Answer {
  const { fields, raw, confidence } = extractor(input);
  return {
    text: JSON.stringify({
      fields: fields.map(({ name, value, evidence }) => ({ name, value, evidence })),
    }),
    confidence: {
      raw,
      calibrated: confidence,
      alternatives: [],
      fields: fields.map(({ name, value, confidence: own, start, end }) => ({
        name,
        value,
        confidence: own,
        start,
        end,
      })),
    },
  };
}

/** How likely the label that the draft was asked for is right, as far as `classify` can tell. */
function intentProbability(input: StepInput, classify: Classifier): number {
  const label = input.classification?.label;
  const own = classify(input.text, input.subject);
  if (label === own.label) return own.calibrated;
  // Another model or a person chose it against the classifier's view.
  const other =
    input.classification?.alternatives.reduce((sum, { probability }) => sum + probability, 0) ?? 1;
  return Math.min(0.5, Math.max(0, 1 - other));
}

function drafted(input: StepInput, drafter: Drafter, classify: Classifier): Answer {
  const draft = drafter(input, intentProbability(input, classify));
  if (draft === undefined) throw new Fault('missing', 'the pack has no macro to build a reply on');
  const { reply, macroId, missingFields, fit } = draft;
  return {
    text: JSON.stringify({ reply, macro_id: macroId, missing_fields: missingFields }),
    confidence: { raw: fit.intent * fit.choice, calibrated: confidenceOf(fit), alternatives: [] },
  };
}

const moods: Readonly<Record<Mood, MoodName>> = {
  [Mood.UNSPECIFIED]: 'neutral',
  [Mood.NEGATIVE]: 'negative',
  [Mood.NEUTRAL]: 'neutral',
  [Mood.POSITIVE]: 'positive',
};

const moodOf = (sentiment: Sentiment | undefined): MoodName => moods[sentiment?.mood ?? Mood.UNSPECIFIED];

/** Name of the field that a greeting uses, where the pack extracts it. */
const NAME_FIELD = 'customer_name';
const SURE_NAME = 0.8;

function customerNameOf(input: StepInput): string | undefined {
  const field = input.extraction?.fields.find(
    ({ name, confidence }) => name === NAME_FIELD && confidence >= SURE_NAME,
  );
  return field === undefined ? undefined : repeatable(field.value);
}

/** Of a draft that nothing is known of: a person should look. */
const UNKNOWN_DRAFT = 0.3;

/** The editor adds no facts and takes none away: the reply is as fit to be sent as the draft was. */
function polished(input: StepInput, pack: Pack, editor: Editor): Answer {
  const draft = input.draft?.text ?? '';
  if (draft.trim() === '') throw new Fault('missing', 'there is no draft to polish');
  const macro = pack.macros.find(({ id }) => id === input.draft?.macroId);
  const locale =
    languageOfText(draft) ?? macro?.locale ?? languageOfText(input.text) ?? primaryOf(input.locale);
  const customerName = customerNameOf(input);
  const reply = editor(draft, {
    locale,
    mood: moodOf(input.sentiment),
    ...(customerName === undefined ? {} : { customerName }),
  });
  const sendable = input.draftConfidence ?? UNKNOWN_DRAFT;
  return {
    text: JSON.stringify({ reply }),
    confidence: { raw: sendable, calibrated: sendable, alternatives: [] },
  };
}

function answersOf(pack: Pack, parts: Parts, { intent, mood }: Classifiers): Answers {
  return {
    classify: ({ text, subject }) => labelled('label', intent(text, subject)),
    extract: (input) => extracted(input, parts.extractor),
    sentiment: ({ text, subject }) => labelled('mood', mood(text, subject)),
    draft: (input) => drafted(input, parts.drafter, intent),
    polish: (input) => polished(input, pack, parts.editor),
  };
}

interface BothAnswers {
  readonly small: Answers;
  readonly big: Answers;
}

function answersAround(pack: Pack, classifiers: Classifiers): BothAnswers {
  const parts: Parts = {
    extractor: compileExtractor(pack),
    drafter: compileDrafter(pack),
    editor: compileEditor(pack.brand),
  };
  const both = { ...classifiers, intent: secondOpinion(pack.intents, classifiers.intent) };
  return { small: answersOf(pack, parts, classifiers), big: answersOf(pack, parts, both) };
}

const here =
  (answers: Answers): Answering =>
  (step, input) =>
    answers[step](input);

/** The models around classifiers that are at hand already. @throws Fault `misconfigured` for a pattern that does not compile */
export function modelsAround(pack: Pack, classifiers: Classifiers): EmbeddedModels {
  const { small, big } = answersAround(pack, classifiers);
  return modelsAnsweredBy(pack, { small: here(small), big: here(big) });
}

/** What the models answer, step by step. @throws Fault `misconfigured` for a pattern that does not compile */
export const embeddedAnswers = (pack: Pack, trained: TrainedPack): BothAnswers =>
  answersAround(pack, {
    intent: (text, subject) => predictIntent(trained, text, subject),
    mood: (text, subject) => predictMood(trained, text, subject),
  });

/**
 * The two models that run in the process, on a CPU, without an endpoint. They are no language models: `small` is linear
 * classifiers, extraction by libraries and the pack's macros; `big` asks a second opinion where there is one (the nearest
 * labelled examples for the intent) and edits drafts into the house style. Each call is synchronous work of well under a
 * millisecond, deterministic, and answers the text that a language model would be asked for.
 *
 * @throws Fault `misconfigured` when `trained` is of another pack, or a pattern of the pack does not compile
 */
export function embeddedModels(pack: Pack, trained: TrainedPack): EmbeddedModels {
  if (trained.source !== sourceOf(pack)) {
    throw new Fault('misconfigured', 'the trained models are of another state of the pack: train again');
  }
  const { small, big } = embeddedAnswers(pack, trained);
  return modelsAnsweredBy(pack, { small: here(small), big: here(big) });
}
