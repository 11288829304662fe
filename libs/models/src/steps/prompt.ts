import { hash } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { ClassificationSchema, Mood } from '@spillway/contracts/model';
import type { Pack } from '@spillway/pack/pack';
import { fill, placeholdersOf } from '@spillway/pack/template';
import { repeatable } from '../embedded/draft-values.js';
import type { StepInput, StepName } from '../language-model.js';
import { labelCodes } from './label-codes.js';

/** Characters of a message that a model is shown. What a customer asks stands at the top; quoted letters below. */
const SHOWN_CHARACTERS = 24_000;
const SHOWN_SUBJECT = 300;
/** English, and the other languages of Europe give or take a fifth. */
const CHARACTERS_PER_TOKEN = 4;

const moods: Readonly<Record<Mood, string>> = {
  [Mood.UNSPECIFIED]: '',
  [Mood.NEGATIVE]: 'negative',
  [Mood.NEUTRAL]: 'neutral',
  [Mood.POSITIVE]: 'positive',
};

export interface Rendered {
  readonly system: string;
  readonly user: string;
}

/** Renders one step's prompts. */
export interface PromptRenderer {
  render(input: StepInput): Rendered;
  /** About how many tokens `render` would give. */
  estimate(input: StepInput): number;
  /** Eight hexadecimal digits that change with everything but the message that can change an answer. */
  version(schema: unknown): string;
}

/**
 * The renderer of one step of a pack.
 *
 * What a stranger wrote goes in as data: in one pass, so that `{{draft}}` in a message stays nine characters; between
 * fences that are longer than any in the text, so that no text can step out of them; and only so much of it.
 */
export function promptRenderer(step: StepName, pack: Pack): PromptRenderer {
  const template = pack.prompts[step];
  const constants = constantsOf(step, pack);
  const received = receivedLine(pack);
  // What no message changes is the longest part of most prompts.
  const fixed = placeholdersOf(template.system).every(({ name }) => name in constants);
  const system = fixed ? fill(template.system, constants).text : undefined;
  const render = (input: StepInput): Rendered => {
    const text = `${received(input.receivedAtMs)}\n${fenced(input.text)}`;
    const values = { ...constants, ...valuesOf(pack, input), text };
    return { system: system ?? fill(template.system, values).text, user: fill(template.user, values).text };
  };
  // What surrounds a message depends on the intent and the language alone (the macros), and there are few of those.
  const frames = new Map<string, number>();
  const frameOf = (input: StepInput): number => {
    const intent = pack.intents.find(({ label }) => label === input.classification?.label)?.label ?? '';
    const language = languageOf(input.locale) in pack.brand.salutations ? languageOf(input.locale) : '';
    const key = `${intent} ${language}`;
    let characters = frames.get(key);
    if (characters === undefined) {
      const classification = create(ClassificationSchema, { label: intent });
      const bare = { text: '', subject: '', locale: language, receivedAtMs: 0, classification };
      const { system, user } = render(bare);
      characters = system.length + user.length;
      frames.set(key, characters);
    }
    return characters;
  };
  return {
    render,
    version(schema) {
      // What an input chooses among is left to the renderer; here stands all that it can choose.
      const named = new Set([template.system, template.user].flatMap(placeholdersOf).map(({ name }) => name));
      const chosen = {
        ...(named.has('macros') ? { macros: pack.macros } : {}),
        ...(named.has('salutation') ? { salutations: pack.brand.salutations } : {}),
      };
      const blank = render({ text: '', subject: '', locale: '', receivedAtMs: 0 });
      return hash('sha256', JSON.stringify([template, blank, chosen, schema])).slice(0, 8);
    },
    estimate(input) {
      const own =
        Math.min(input.text.length, SHOWN_CHARACTERS) + Math.min(input.subject.length, SHOWN_SUBJECT);
      const characters = frameOf(input) + own + (input.draft?.text.length ?? 0);
      return Math.ceil(characters / CHARACTERS_PER_TOKEN);
    },
  };
}

const constantsOf = (step: StepName, { brand, intents, fields }: Pack): Record<string, string> => ({
  company: brand.company,
  voice: brand.voice,
  labels: step === 'classify' ? codedLabels(intents) : listedLabels(intents),
  fields: fields.map(({ name, kind, description }) => `- ${name} (${kind}): ${description}`).join('\n'),
  wordings: brand.wordings.map(({ avoid, prefer }) => `- "${prefer}" and not "${avoid}"`).join('\n'),
});

const listedLabels = (intents: Pack['intents']): string =>
  intents.map(({ label, description }) => `- ${label}: ${description}`).join('\n');

/** The labels with the code that the answer holds in their place, where they have one. */
function codedLabels(intents: Pack['intents']): string {
  const codes = labelCodes(intents.map(({ label }) => label));
  if (codes === undefined) return listedLabels(intents);
  const [first] = codes.keys();
  const lines = [...codes.keys()].map((code, index) => {
    const { label = '', description = '' } = intents[index] ?? {};
    return `- ${code} = ${label}: ${description}`;
  });
  return `${lines.join('\n')}\nIn the answer each label is written as the code before it, such as "${first}".`;
}

function valuesOf(pack: Pack, input: StepInput): Record<string, string> {
  const extracted = extractedValues(input);
  return {
    subject: quotedSubject(input.subject),
    locale: knownLocale(input.locale),
    intent: input.classification?.label ?? '',
    extracted: JSON.stringify(extracted),
    mood: moods[input.sentiment?.mood ?? Mood.UNSPECIFIED],
    macros: macrosFor(pack, input),
    draft: input.draft === undefined ? '' : fenced(input.draft.text),
    salutation: salutationFor(pack, input, extracted),
  };
}

function extractedValues(input: StepInput): Record<string, string> {
  return Object.fromEntries(input.extraction?.fields.map(({ name, value }) => [name, value]) ?? []);
}

/** "Tomorrow" needs a today, and a today a place. */
function receivedLine({ brand: { timeZone } }: Pack): (receivedAtMs: number) => string {
  const weekday = new Intl.DateTimeFormat('en', { timeZone, weekday: 'long' });
  // Sweden writes dates as ISO does.
  const date = new Intl.DateTimeFormat('sv', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  // Messages come in the order of their minutes, and the steps of one all have the same.
  let [minute, line] = [Number.NaN, ''];
  return (receivedAtMs) => {
    const asked = Math.floor(receivedAtMs / 60_000);
    if (asked !== minute) {
      minute = asked;
      line = `Written on ${weekday.format(receivedAtMs)}, ${date.format(receivedAtMs)} (${timeZone}).`;
    }
    return line;
  };
}

/** The text between two fences of backticks, longer than any run of them inside. */
export function fenced(text: string): string {
  const shown = cut(text, SHOWN_CHARACTERS);
  const longest = shown.match(/`{3,}/g)?.reduce((most, run) => Math.max(most, run.length), 2) ?? 2;
  const fence = '`'.repeat(longest + 1);
  const rest = text.length - shown.length;
  const note = rest === 0 ? '' : `\n(${rest} more characters were left out.)`;
  return `${fence}\n${shown}\n${fence}${note}`;
}

/** A subject as one quoted line, at most 300 characters of it. */
export const quotedSubject = (subject: string): string => JSON.stringify(cut(subject, SHOWN_SUBJECT));

/** What looks like a language tag; nothing else gets among the instructions. */
export const knownLocale = (locale: string): string => (/^[A-Za-z0-9-]{2,35}$/.test(locale) ? locale : '');

/** At most so many UTF-16 code units, without half a character at the end. */
const cut = (text: string, length: number): string =>
  text.length <= length ? text : text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '');

const languageOf = (locale: string): string => locale.toLowerCase().split('-', 1)[0] ?? '';

/** The approved texts for the intent, in the customer's language where there are any. */
function macrosFor({ macros }: Pack, { classification, locale }: StepInput): string {
  const fitting = macros.filter(({ intent }) => intent === classification?.label);
  const spoken = fitting.filter((macro) => languageOf(macro.locale) === languageOf(locale));
  return (spoken.length > 0 ? spoken : fitting)
    .map(({ id, title, text }) => `[${id}] ${title}\n${text.trim()}`)
    .join('\n\n');
}

/** It stands outside the fences: of what a stranger wrote it takes one short line for each place. */
function salutationFor({ brand }: Pack, { locale }: StepInput, extracted: Record<string, string>): string {
  const values = Object.fromEntries(
    Object.entries(extracted).map(([name, value]) => [name, repeatable(value)]),
  );
  const spoken = brand.salutations[languageOf(locale)] ?? Object.values(brand.salutations)[0];
  if (spoken === undefined) return '';
  return `${fill(spoken.greeting, values).text}\n…\n${fill(spoken.closing, values).text}`;
}
